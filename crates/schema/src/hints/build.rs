//! From hints to tables.

use cartage_values::text::is_blank;
use indexmap::IndexMap;

use super::error::HintsError;
use super::keys::KeyHint;
use super::resource::{NestedHints, ResourceHints};
use crate::column::{Column, CompoundHint};
use crate::contract::ContractModes;
use crate::naming::Naming;
use crate::table::{Table, TableReference};
use crate::table_names::normalize_table;
use crate::words::WriteDisposition;

impl ResourceHints {
    /// The tables that the hints of a resource stand for, with normalized names: first the table of the
    /// resource, then those of the nested hints, shorter paths first. [`MergeOrigin::Resource`](crate::MergeOrigin) is
    /// the way to merge them.
    ///
    /// # Errors
    /// [`HintsError`] for hints that contradict each other.
    pub fn to_tables(&self, resource: &str, naming: &Naming) -> Result<Vec<Table>, HintsError> {
        let raw_name = self.raw_table_name(resource);
        if is_blank(resource) || is_blank(raw_name) {
            return Err(HintsError::Blank { resource: resource.to_owned(), what: "table" });
        }
        let mut tables = vec![self.root_table(resource, naming)?];
        let nested = self.nested_hints.iter().flatten();
        let mut nested: Vec<(Vec<&str>, &NestedHints)> =
            nested.map(|(path, hints)| (path.split('.').collect(), hints)).collect();
        // Parents must exist before their children.
        nested.sort_by_key(|(path, _)| path.len());
        for (path, hints) in nested {
            if path.iter().any(|key| is_blank(key)) {
                return Err(HintsError::Blank { resource: resource.to_owned(), what: "key in nested_hints" });
            }
            tables.push(hints.table(resource, raw_name, &path, naming)?);
        }
        Ok(tables)
    }

    fn root_table(&self, resource: &str, naming: &Naming) -> Result<Table, HintsError> {
        let mut table = Table {
            parent: self.parent_table_name.clone(),
            description: self.description.clone(),
            ..Common::of_resource(self).table(resource)?
        };
        if table.parent.is_none() {
            table.resource = Some(resource.to_owned());
            table.write_disposition.get_or_insert(WriteDisposition::Append);
        }
        if let Some(cursor) = self.incremental.as_ref().and_then(super::IncrementalHint::cursor_column) {
            let column = table.columns.entry(cursor.to_owned()).or_insert_with(|| Column::new(cursor));
            column.incremental = Some(true);
        }
        if let Some(levels) = self.max_table_nesting {
            table.set_max_nesting(Some(levels));
        }
        table.name = naming.normalize_table_key(self.raw_table_name(resource));
        Ok(normalize_table(table, naming))
    }
}

impl NestedHints {
    fn table(&self, resource: &str, root: &str, path: &[&str], naming: &Naming) -> Result<Table, HintsError> {
        let parts: Vec<String> =
            [root].iter().chain(path).map(|part| naming.normalize_table_identifier(part)).collect();
        let join = |parts: &[String]| naming.shorten_fragments(parts.iter().map(String::as_str));
        let mut table = Common::of_nested(self).table(resource)?;
        table.name = join(&parts);
        table.parent.clone_from(&self.parent_table_name);
        // Keys make a table independent of the rows above it.
        let has_keys = [CompoundHint::PrimaryKey, CompoundHint::MergeKey]
            .into_iter()
            .any(|hint| !table.columns_with(hint).is_empty());
        if table.parent.is_none() && !has_keys {
            table.parent = Some(join(&parts[..parts.len() - 1]));
        }
        if !table.is_nested() {
            table.resource = Some(resource.to_owned());
        }
        Ok(normalize_table(table, naming))
    }
}

/// The hints that resources and nested hints share.
struct Common<'a> {
    columns: Option<&'a IndexMap<String, Column>>,
    primary_key: Option<&'a KeyHint>,
    merge_key: Option<&'a KeyHint>,
    write_disposition: Option<&'a super::WriteDispositionConfig>,
    schema_contract: Option<&'a serde_json::Value>,
    table_format: Option<&'a String>,
    file_format: Option<&'a String>,
    references: Option<&'a Vec<TableReference>>,
    other: &'a serde_json::Map<String, serde_json::Value>,
}

impl<'a> Common<'a> {
    fn of_resource(hints: &'a ResourceHints) -> Self {
        Self {
            columns: hints.columns.as_ref().map(|columns| &columns.0),
            primary_key: hints.primary_key.as_ref(),
            merge_key: hints.merge_key.as_ref(),
            write_disposition: hints.write_disposition.as_ref(),
            schema_contract: hints.schema_contract.as_ref(),
            table_format: hints.table_format.as_ref(),
            file_format: hints.file_format.as_ref(),
            references: hints.references.as_ref(),
            other: &hints.other,
        }
    }

    fn of_nested(hints: &'a NestedHints) -> Self {
        Self {
            columns: hints.columns.as_ref().map(|columns| &columns.0),
            primary_key: hints.primary_key.as_ref(),
            merge_key: hints.merge_key.as_ref(),
            write_disposition: hints.write_disposition.as_ref(),
            schema_contract: hints.schema_contract.as_ref(),
            table_format: hints.table_format.as_ref(),
            file_format: hints.file_format.as_ref(),
            references: hints.references.as_ref(),
            other: &hints.other,
        }
    }

    /// A table with everything but its name, parent and resource.
    fn table(&self, resource: &str) -> Result<Table, HintsError> {
        let mut table = Table { columns: self.columns.cloned().unwrap_or_default(), ..Table::default() };
        if table.columns.keys().any(|name| is_blank(name)) {
            return Err(HintsError::Blank { resource: resource.to_owned(), what: "column" });
        }
        for (hint, keys) in
            [(CompoundHint::PrimaryKey, self.primary_key), (CompoundHint::MergeKey, self.merge_key)]
        {
            if let Some(keys) = keys {
                apply_keys(&mut table, hint, keys, resource)?;
            }
        }
        if let Some(disposition) = self.write_disposition {
            disposition.check(resource)?;
            disposition.apply(&mut table);
        }
        if let Some(contract) = self.schema_contract {
            ContractModes::parse(contract).map_err(|error| HintsError::Contract {
                resource: resource.to_owned(),
                reason: error.to_string(),
            })?;
            table.schema_contract = Some(contract.clone());
        }
        let text = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
        table.table_format = text(self.table_format);
        table.file_format = text(self.file_format);
        if let Some(references) = self.references.filter(|references| !references.is_empty()) {
            check_references(references, resource)?;
            table.references = Some(references.clone());
        }
        let own = self.other.iter().filter(|(key, _)| key.starts_with("x-"));
        table.other.extend(own.map(|(key, value)| (key.clone(), value.clone())));
        Ok(table)
    }
}

/// Keys of the whole table replace those that columns mark. Key columns take no nulls unless they say so.
fn apply_keys(
    table: &mut Table,
    hint: CompoundHint,
    keys: &KeyHint,
    resource: &str,
) -> Result<(), HintsError> {
    table.columns.values_mut().for_each(|column| column.set_compound(hint, None));
    for key in keys.names() {
        if is_blank(key) {
            return Err(HintsError::Blank { resource: resource.to_owned(), what: "key column" });
        }
        let column = table.columns.entry(key.clone()).or_insert_with(|| Column::new(key));
        column.nullable.get_or_insert(false);
        column.set_compound(hint, Some(true));
    }
    Ok(())
}

fn check_references(references: &[TableReference], resource: &str) -> Result<(), HintsError> {
    for reference in references {
        let count = |columns: &Option<Vec<String>>| columns.as_ref().map_or(0, Vec::len);
        let (from, to) = (count(&reference.columns), count(&reference.referenced_columns));
        let has_table = reference.referenced_table.as_ref().is_some_and(|table| !table.is_empty());
        if !has_table || from == 0 || from != to {
            return Err(HintsError::Reference { resource: resource.to_owned() });
        }
    }
    Ok(())
}
