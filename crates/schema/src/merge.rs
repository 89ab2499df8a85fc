//! Merging tables and schemas into a schema. Nothing is ever removed by a merge.

use std::collections::HashSet;

use indexmap::{IndexMap, IndexSet};

use crate::column::CompoundHint;
use crate::error::SchemaError;
use crate::naming::Naming;
use crate::schema::Schema;
use crate::table::{Table, TableReference};
use crate::table_names::normalize_table;
use crate::words::{MergeStrategy, WriteDisposition};

/// Where an incoming table comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOrigin {
    /// Hints of a resource: keys and other compound hints replace those of the schema.
    Resource,
    /// Anything else: compound hints are added.
    Other,
}

/// What merging a table changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableDiff {
    /// Name of the table.
    pub table: String,
    /// The table did not exist.
    pub is_new: bool,
    /// Columns that did not exist or had no type, in order.
    pub new_columns: Vec<String>,
    /// Columns with a type whose hints changed, in order.
    pub changed_columns: Vec<String>,
}

impl Schema {
    /// Adds a table, or merges it into the one of its name. Names must be normalized already.
    ///
    /// Keys of the incoming table and its columns win. Columns that get their type move to the end, after
    /// those that are at the destination. The root id is propagated from now on if the merge strategy needs it.
    ///
    /// # Errors
    /// [`SchemaError::ParentNotFound`] and [`SchemaError::TableConflict`]; the schema is unchanged.
    pub fn merge_table(&mut self, incoming: Table, origin: MergeOrigin) -> Result<TableDiff, SchemaError> {
        let diff = self.merge_alone(incoming, origin)?;
        self.extend_propagation(std::slice::from_ref(&diff));
        Ok(diff)
    }

    /// Merges tables in their order, parents before children.
    ///
    /// # Errors
    /// Those of [`merge_table`](Self::merge_table); tables before the one that failed are merged.
    pub fn merge_all(
        &mut self,
        incoming: impl IntoIterator<Item = Table>,
        origin: MergeOrigin,
    ) -> Result<Vec<TableDiff>, SchemaError> {
        let merged = incoming.into_iter().map(|table| self.merge_alone(table, origin));
        let diffs = merged.collect::<Result<Vec<_>, _>>()?;
        self.extend_propagation(&diffs);
        Ok(diffs)
    }

    /// Merges what rows brought, parents before children: as [`merge_all`](Self::merge_all) does for
    /// [`MergeOrigin::Other`], but looks for ids of roots in these tables only. Those that were here before had their say
    /// when they were merged themselves, and a schema grows by thousands of tables, one after the other.
    ///
    /// # Errors
    /// As there.
    pub fn merge_found(&mut self, incoming: impl IntoIterator<Item = Table>) -> Result<(), SchemaError> {
        let merged = incoming.into_iter().map(|table| self.merge_alone(table, MergeOrigin::Other));
        let diffs = merged.collect::<Result<Vec<_>, _>>()?;
        let merged = diffs.iter().filter_map(|diff| self.tables.get(&diff.table));
        self.propagate_ids_of(&self.roots_of(&diffs), &self.roots_with_holders(merged));
        Ok(())
    }

    fn merge_alone(&mut self, incoming: Table, origin: MergeOrigin) -> Result<TableDiff, SchemaError> {
        self.check_parent(&incoming)?;
        let name = incoming.name.clone();
        let mut diff = TableDiff { table: name.clone(), ..TableDiff::default() };
        match self.tables.get_mut(&name) {
            None => {
                diff.is_new = true;
                diff.new_columns = incoming.columns.keys().cloned().collect();
                self.tables.insert(name.clone(), incoming);
            }
            Some(existing) => {
                check_same_table(&self.name, existing, &incoming)?;
                merge_columns(existing, &incoming, origin, &mut diff);
                merge_references(existing, incoming.references.as_deref());
                let references = existing.references.clone();
                existing.overlay_keys(&incoming);
                existing.references = references;
            }
        }
        Ok(diff)
    }

    /// Merges the schema of a source into this one, the stored schema of the same source.
    ///
    /// Settings and normalizers are replaced and tables merged, parents first. If the naming conventions
    /// differ only the contract is taken, because the names of the two have nothing in common.
    ///
    /// # Errors
    /// Those of [`merge_table`](Self::merge_table).
    pub fn merge_schema(&mut self, incoming: &Self) -> Result<(), SchemaError> {
        if self.naming_kind() != incoming.naming_kind() {
            self.settings.schema_contract.clone_from(&incoming.settings.schema_contract);
            return Ok(());
        }
        self.settings = incoming.settings.clone();
        self.replace_normalizers(incoming);
        self.add_standard_hints();
        self.merge_tables(incoming)
    }

    /// Merges the tables of another schema, parents first, and leaves the settings as they are.
    ///
    /// # Errors
    /// Those of [`merge_table`](Self::merge_table).
    pub fn merge_tables(&mut self, incoming: &Self) -> Result<(), SchemaError> {
        let naming = self.naming(None);
        let nesting = incoming.nesting();
        let tables = nesting.parents_first().map(|table| normalize_table(table.clone(), &naming));
        self.merge_all(tables, MergeOrigin::Other).map(drop)
    }

    /// Removes tables. The list must hold every table below one that it names.
    ///
    /// # Errors
    /// [`SchemaError::TableNotFound`] and [`SchemaError::Orphans`]; the schema is unchanged.
    pub fn drop_tables(&mut self, names: &[&str]) -> Result<Vec<Table>, SchemaError> {
        names.iter().try_for_each(|name| self.table(name).map(drop))?;
        let going: HashSet<&str> = names.iter().copied().collect();
        // A table that stays below one that goes is, or is below, one whose parent goes.
        let nesting = self.nesting();
        let is_orphan = |table: &&Table| {
            !going.contains(table.name.as_str())
                && table.parent.as_deref().is_some_and(|parent| going.contains(parent))
        };
        let topmost = self.tables.values().filter(is_orphan);
        let below = topmost.flat_map(|table| nesting.chain(&table.name)).map(|table| table.name.as_str());
        let orphans: IndexSet<&str> = below.filter(|name| !going.contains(name)).collect();
        if !orphans.is_empty() {
            let orphans = orphans.into_iter().collect::<Vec<_>>().join(", ");
            return Err(SchemaError::Orphans { schema: self.name.clone(), orphans });
        }
        let (mut dropped, kept): (IndexMap<_, _>, IndexMap<_, _>) =
            std::mem::take(&mut self.tables).into_iter().partition(|(name, _)| going.contains(name.as_str()));
        self.tables = kept;
        for name in names {
            self.normalizers.forget_table(name);
        }
        Ok(names.iter().filter_map(|name| dropped.swap_remove(*name)).collect())
    }

    fn replace_normalizers(&mut self, incoming: &Self) {
        let mut new = incoming.normalizers.clone();
        let old = &self.normalizers;
        // These two are settings of the dataset rather than of the source.
        new.use_break_path_on_normalize = new.use_break_path_on_normalize.or(old.use_break_path_on_normalize);
        new.allow_identifier_change_on_table_with_data =
            new.allow_identifier_change_on_table_with_data.or(old.allow_identifier_change_on_table_with_data);
        self.normalizers = new;
    }

    fn check_parent(&self, table: &Table) -> Result<(), SchemaError> {
        match &table.parent {
            Some(parent) if !self.tables.contains_key(parent) => Err(SchemaError::ParentNotFound {
                schema: self.name.clone(),
                table: table.name.clone(),
                parent: parent.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Hands the row ids of all roots down their chains, where merges need it or a table already has it, as dlt does
    /// whenever it reads a schema.
    pub fn propagate_row_ids(&mut self) {
        let roots: IndexSet<String> = self.tables.keys().filter_map(|table| self.root_name(table)).collect();
        let holding = self.roots_with_holders(self.tables.values());
        self.propagate_ids_of(&roots, &holding);
    }

    /// The same for the roots of tables that were merged just now.
    fn extend_propagation(&mut self, merged: &[TableDiff]) {
        let holding = self.roots_with_holders(self.tables.values());
        self.propagate_ids_of(&self.roots_of(merged), &holding);
    }

    fn roots_of(&self, merged: &[TableDiff]) -> IndexSet<String> {
        merged.iter().filter_map(|diff| self.root_name(&diff.table)).collect()
    }

    fn root_name(&self, table: &str) -> Option<String> {
        self.root_of(table).map(|root| root.name.clone())
    }

    /// The roots of those of the tables that have a column for the id of their root.
    fn roots_with_holders<'t>(&self, tables: impl Iterator<Item = &'t Table>) -> HashSet<String> {
        let holds = |table: &&Table| table.columns.values().any(|column| column.root_key == Some(true));
        tables.filter(holds).filter_map(|table| self.root_name(&table.name)).collect()
    }

    fn propagate_ids_of(&mut self, roots: &IndexSet<String>, holding: &HashSet<String>) {
        let naming = self.naming(None);
        let to = naming.normalize_path("_dlt_root_id");
        for name in roots {
            let Some(root) = self.tables.get(name) else { continue };
            if !holding.contains(name) && !self.merge_needs_root_key(root, &naming) {
                continue;
            }
            let row_key = root.first_column(|column| column.row_key == Some(true));
            let from =
                row_key.map_or_else(|| naming.normalize_identifier("_dlt_id"), |column| column.name.clone());
            self.normalizers.propagate(name, &naming.normalize_path(&from), &to);
        }
    }

    fn merge_needs_root_key(&self, root: &Table, naming: &Naming) -> bool {
        let by_strategy = || matches!(self.merge_of(root), Some(strategy) if strategy != MergeStrategy::Scd2);
        !naming.is_dlt_name(&root.name) && self.normalizers.root_key_propagation().unwrap_or_else(by_strategy)
    }

    /// The strategy by which a table is merged, if it is. Where the table leaves it to the destination, every
    /// destination that merges picks one that needs root ids.
    pub fn merge_of(&self, table: &Table) -> Option<MergeStrategy> {
        (table.write_disposition == Some(WriteDisposition::Merge) && !self.appends_merges)
            .then(|| self.merge_strategy(&table.name).unwrap_or(MergeStrategy::DeleteInsert))
    }
}

fn check_same_table(schema: &str, existing: &Table, incoming: &Table) -> Result<(), SchemaError> {
    let conflict = |property, existing_value: &Option<String>, incoming_value: &Option<String>| {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        Err(SchemaError::TableConflict {
            schema: schema.to_owned(),
            table: existing.name.clone(),
            property,
            existing: text(existing_value),
            incoming: text(incoming_value),
        })
    };
    if existing.parent != incoming.parent {
        return conflict("parent", &existing.parent, &incoming.parent);
    }
    if existing.is_nested() && incoming.resource.is_some() {
        return conflict("resource", &existing.resource, &incoming.resource);
    }
    Ok(())
}

fn merge_columns(existing: &mut Table, incoming: &Table, origin: MergeOrigin, diff: &mut TableDiff) {
    if origin == MergeOrigin::Resource {
        for hint in CompoundHint::ALL {
            if !incoming.columns_with(hint).is_empty() {
                existing.columns.values_mut().for_each(|column| column.set_compound(hint, None));
            }
        }
    }
    for column in incoming.columns.values() {
        let Some(known) = existing.columns.get_mut(&column.name) else {
            diff.new_columns.push(column.name.clone());
            existing.columns.insert(column.name.clone(), column.clone());
            continue;
        };
        let completes = column.is_complete() && !known.is_complete();
        let before = known.clone();
        known.merge(column);
        if completes {
            // The destination adds the column after those that it has, so it comes last here, too.
            diff.new_columns.push(column.name.clone());
            if let Some(completed) = existing.columns.shift_remove(&column.name) {
                existing.columns.insert(completed.name.clone(), completed);
            }
        } else if *known != before {
            diff.changed_columns.push(column.name.clone());
        }
    }
}

/// References are merged by the table that they point to. One that says the same as before stays as it is.
fn merge_references(existing: &mut Table, incoming: Option<&[TableReference]>) {
    let Some(incoming) = incoming else { return };
    let mut merged = existing.references.clone().unwrap_or_default();
    for reference in incoming {
        match merged.iter_mut().find(|known| known.referenced_table == reference.referenced_table) {
            None => merged.push(reference.clone()),
            Some(known) if column_pairs(known) != column_pairs(reference) => *known = reference.clone(),
            Some(_) => {}
        }
    }
    if existing.references.is_some() || !merged.is_empty() {
        existing.references = Some(merged);
    }
}

fn column_pairs(reference: &TableReference) -> Vec<(&String, &String)> {
    let mut pairs: Vec<_> =
        reference.columns.iter().flatten().zip(reference.referenced_columns.iter().flatten()).collect();
    pairs.sort_unstable();
    pairs
}
