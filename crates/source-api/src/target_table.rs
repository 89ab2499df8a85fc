//! What is known of the table of a resource before its first row, for producers whose rows depend on it.

use std::collections::HashMap;

use cartage_schema::{DataType, Naming, Schema, Table, WriteDisposition};

/// The table that the rows of a resource go to, as it is at the start of the run.
///
/// Formats without types need it: the text `1.10` is a number for one column and a version for another, and two
/// headers may be one column.
#[derive(Clone, Debug)]
pub struct TargetTable {
    naming: Naming,
    types: HashMap<String, DataType>,
    is_replaced: bool,
}

impl TargetTable {
    /// A table without columns, named by this convention. `is_replaced` says whether the run replaces its rows.
    pub fn new(naming: Naming, is_replaced: bool) -> Self {
        Self { naming, types: HashMap::new(), is_replaced }
    }

    /// The same with types of columns, by normalized name.
    #[must_use]
    pub fn with_types(mut self, types: impl IntoIterator<Item = (String, DataType)>) -> Self {
        self.types.extend(types);
        self
    }

    /// What hints say of a table, and above them what the schema has: a column keeps its type.
    pub fn of(hints: &Table, schema: &Schema, naming: Naming) -> Self {
        let known = schema.tables.get(&hints.name);
        let columns =
            hints.columns.values().chain(known.into_iter().flat_map(|table| table.columns.values()));
        let types = columns.filter_map(|column| Some((column.name.clone(), column.data_type?)));
        Self::new(naming, hints.write_disposition == Some(WriteDisposition::Replace)).with_types(types)
    }

    /// The column that a key of a row becomes.
    pub fn column(&self, key: &str) -> String {
        self.naming.normalize_key(key)
    }

    /// The type of a column, where hints or earlier runs have decided it.
    pub fn data_type(&self, column: &str) -> Option<DataType> {
        self.types.get(column).copied()
    }

    /// Whether a run without rows would empty the table.
    pub fn is_replaced(&self) -> bool {
        self.is_replaced
    }
}
