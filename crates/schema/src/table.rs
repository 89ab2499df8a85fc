//! Tables: columns, write disposition and the hints of a whole table.

use cartage_values::DataType;
use indexmap::IndexMap;
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

use crate::column::{Column, CompoundHint};
use crate::record::{RecordError, flag, record, record_serde};
use crate::words::{MergeStrategy, SortOrder, WriteDisposition};

/// A table of a schema, or the part of one that is about to be merged into a schema.
///
/// Tables with a `parent` are *nested*: their rows come from lists in the rows of the parent, and they
/// take write disposition, formats and merge strategy from the root of their chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// As the naming convention spells it, and so as the destination has it.
    pub name: String,
    /// Columns by name. Their order counts for the version hash and for tables at destinations.
    pub columns: IndexMap<String, Column>,
    /// Root tables only; absent means append.
    pub write_disposition: Option<WriteDisposition>,
    /// Name of the resource, as the user wrote it. Root tables only.
    pub resource: Option<String>,
    /// Parent table of a nested table.
    pub parent: Option<String>,
    /// What the table holds, for people.
    pub description: Option<String>,
    /// Mode or modes of the contract, in the form that was given. See [`crate::ContractModes`].
    pub schema_contract: Option<Value>,
    /// Which fields are left out of rows.
    pub filters: Option<RowFilters>,
    /// `iceberg`, `delta`, `hive` or `native`.
    pub table_format: Option<String>,
    /// `preferred` or a file format.
    pub file_format: Option<String>,
    /// References to other tables, at most one for each.
    pub references: Option<Vec<TableReference>>,
    /// Name of the variant of the table that a resource asked for.
    pub variant_name: Option<String>,
    /// `x-` hints, and known keys that are explicitly `null`.
    pub other: Map<String, Value>,
}

record!(Table {
    "write_disposition" => write_disposition,
    "resource" => resource,
    "parent" => parent,
    "description" => description,
    "schema_contract" => schema_contract,
    "filters" => filters,
    "table_format" => table_format,
    "file_format" => file_format,
    "references" => references,
    "variant_name" => variant_name,
});

/// Patterns of field paths that are left out of the rows of a table and of those below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowFilters {
    /// Paths to leave out: exact, or `re:` and a pattern.
    pub excludes: Option<Vec<String>>,
    /// Exceptions of `excludes`.
    pub includes: Option<Vec<String>>,
    /// `x-` hints, and known keys that are explicitly `null`.
    pub other: Map<String, Value>,
}

record!(RowFilters { "excludes" => excludes, "includes" => includes });
record_serde!(RowFilters);

/// Columns of a table that point to columns of another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableReference {
    /// The table that is pointed to.
    pub referenced_table: Option<String>,
    /// Columns of this table.
    pub columns: Option<Vec<String>>,
    /// Columns of the other table, in the same order.
    pub referenced_columns: Option<Vec<String>>,
    /// What the reference means.
    pub label: Option<String>,
    /// For instance `many_to_one`.
    pub cardinality: Option<String>,
    /// The table that points, where it is not the one that carries the reference.
    pub table: Option<String>,
    /// `x-` hints, and known keys that are explicitly `null`.
    pub other: Map<String, Value>,
}

record!(TableReference {
    "label" => label,
    "cardinality" => cardinality,
    "columns" => columns,
    "referenced_table" => referenced_table,
    "referenced_columns" => referenced_columns,
    "table" => table,
});
record_serde!(TableReference);

/// Key of the object with what normalize notes about a table.
const NORMALIZER: &str = "x-normalizer";

impl Table {
    /// A table without columns and hints.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A nested table without columns, as normalize adds it for a list.
    pub fn nested(name: impl Into<String>, parent: impl Into<String>) -> Self {
        Self { parent: Some(parent.into()), ..Self::new(name) }
    }

    /// A root table without columns, as a resource without hints makes it.
    pub fn root(name: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            write_disposition: Some(WriteDisposition::Append),
            resource: Some(resource.into()),
            ..Self::new(name)
        }
    }

    /// Adds or replaces a column.
    #[must_use]
    pub fn with_column(mut self, column: Column) -> Self {
        self.columns.insert(column.name.clone(), column);
        self
    }

    /// Reads a table of a document; `name` is its key and wins over a stored `name`.
    pub(crate) fn from_map(name: &str, mut map: Map<String, Value>) -> Result<Self, TableError> {
        map.shift_remove("name");
        let mut table = Self::new(name);
        if let Some(columns) = map.shift_remove("columns") {
            let Value::Object(columns) = columns else { return Err(TableError::ColumnsAreNoObject) };
            for (column, hints) in columns {
                let Value::Object(hints) = hints else { return Err(TableError::ColumnIsNoObject { column }) };
                let read = Column::from_map(&column, hints)
                    .map_err(|source| TableError::Column { column: column.clone(), source })?;
                table.columns.insert(column, read);
            }
        }
        table.fill(map).map_err(TableError::Key)?;
        if let Some(contract) = &table.schema_contract {
            crate::contract::ContractModes::parse(contract).map_err(TableError::Contract)?;
        }
        Ok(table)
    }

    /// Whether this is a child table.
    pub fn is_nested(&self) -> bool {
        self.parent.as_deref().is_some_and(|parent| !parent.is_empty())
    }

    /// Columns that can be created at a destination, in order.
    pub fn complete_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.values().filter(|column| column.is_complete())
    }

    /// Columns that wait for data, in order.
    pub fn incomplete_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.values().filter(|column| !column.is_complete())
    }

    /// True if no column has a type yet, so that nothing of the table exists at a destination.
    pub fn is_new(&self) -> bool {
        self.complete_columns().next().is_none()
    }

    /// Names of the columns with a compound hint, in order. Incomplete columns count.
    pub fn columns_with(&self, hint: CompoundHint) -> Vec<&str> {
        self.columns
            .values()
            .filter(|column| column.has_compound(hint))
            .map(|column| column.name.as_str())
            .collect()
    }

    /// Names of the primary key columns.
    pub fn primary_key(&self) -> Vec<&str> {
        self.columns_with(CompoundHint::PrimaryKey)
    }

    /// Names of the merge key columns.
    pub fn merge_key(&self) -> Vec<&str> {
        self.columns_with(CompoundHint::MergeKey)
    }

    /// The first column that `test` accepts.
    pub fn first_column(&self, test: impl Fn(&Column) -> bool) -> Option<&Column> {
        self.columns.values().find(|column| test(column))
    }

    /// The column that orders rows of equal keys, with its direction.
    pub fn dedup_sort(&self) -> Option<(&str, SortOrder)> {
        self.columns.values().find_map(|column| Some((column.name.as_str(), column.dedup_sort?)))
    }

    /// True if some column has the type.
    pub fn has_type(&self, data_type: DataType) -> bool {
        self.columns.values().any(|column| column.data_type == Some(data_type))
    }

    /// Whether normalize has written rows of this table.
    pub fn has_seen_data(&self) -> bool {
        self.normalizer_flag("seen-data")
    }

    /// Notes that normalize has written rows of this table. Returns false if that was known.
    pub fn set_seen_data(&mut self) -> bool {
        let known = self.has_seen_data();
        self.set_normalizer("seen-data", Value::Bool(true));
        !known
    }

    /// How many levels of lists and objects are unpacked, where the resource says so.
    pub fn max_nesting(&self) -> Option<u32> {
        let levels = self.other.get(NORMALIZER)?.get("max_nesting")?.as_u64()?;
        Some(u32::try_from(levels).unwrap_or(u32::MAX))
    }

    /// Sets how many levels are unpacked; `None` removes the limit.
    pub fn set_max_nesting(&mut self, levels: Option<u32>) {
        match levels {
            Some(levels) => self.set_normalizer("max_nesting", Value::from(levels)),
            None => self.remove_normalizer("max_nesting"),
        }
    }

    /// Whether the first package may add columns although the contract forbids new ones.
    pub fn evolves_columns_once(&self) -> bool {
        self.normalizer_flag("evolve-columns-once")
    }

    /// Allows the first package to add columns, or takes the permission away.
    pub fn set_evolve_columns_once(&mut self, allowed: bool) {
        if allowed {
            self.set_normalizer("evolve-columns-once", Value::Bool(true));
        } else {
            self.remove_normalizer("evolve-columns-once");
        }
    }

    /// The merge strategy that this table itself asks for. Nested tables take it from their root: see
    /// [`crate::Schema::merge_strategy`].
    pub fn merge_strategy(&self) -> Option<MergeStrategy> {
        self.other.get("x-merge-strategy")?.as_str()?.parse().ok()
    }

    /// Removes what extract, normalize and load noted about the table and its columns.
    pub fn remove_processing_hints(&mut self) {
        for key in [NORMALIZER, "x-loader", "x-extractor"] {
            self.other.shift_remove(key);
        }
        for column in self.columns.values_mut() {
            column.other.shift_remove(NORMALIZER);
        }
    }

    fn normalizer_flag(&self, key: &str) -> bool {
        self.other.get(NORMALIZER).and_then(Value::as_object).is_some_and(|hints| flag(hints, key))
    }

    fn set_normalizer(&mut self, key: &str, value: Value) {
        let hints = self.other.entry(NORMALIZER).or_insert_with(|| Value::Object(Map::new()));
        if !hints.is_object() {
            *hints = Value::Object(Map::new());
        }
        if let Value::Object(hints) = hints {
            hints.insert(key.to_owned(), value);
        }
    }

    fn remove_normalizer(&mut self, key: &str) {
        let Some(Value::Object(hints)) = self.other.get_mut(NORMALIZER) else { return };
        hints.shift_remove(key);
    }
}

/// What is wrong with the document of one table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    #[error("`columns` must be an object of columns by name")]
    ColumnsAreNoObject,
    #[error("column `{column}` must be an object of hints")]
    ColumnIsNoObject { column: String },
    #[error("column `{column}`: {source}")]
    Column { column: String, source: RecordError },
    #[error("{0}")]
    Key(RecordError),
    #[error("`schema_contract`: {0}")]
    Contract(crate::contract::ContractError),
}

impl serde::Serialize for Table {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("columns", &self.columns)?;
        self.entries(&mut map)?;
        map.end()
    }
}

impl<'de> serde::Deserialize<'de> for Table {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Map::deserialize(deserializer)?;
        let name = map.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self::from_map(&name, map)
            .map_err(|error| serde::de::Error::custom(format_args!("table `{name}`: {error}")))
    }
}
