//! What happens to the tables that rows come into.

use serde::{Deserialize, Serialize};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ColumnPlace {
    /// Name of the table.
    pub table: String,
    /// Name of the column.
    pub column: String,
}

/// What is dropped before this run's rows arrive, in dlt's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    /// All tables of the source, its state and the history of its schema.
    DropSources,
    /// Tables and state of the resources that take part in the run.
    DropResources,
    /// Rows and state of the resources that take part in the run.
    DropData,
}

/// The tables that load drops or empties before the first row. A package that has them counts also without rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTables {
    /// What the user asked for.
    pub mode: Refresh,
    /// Tables to drop with their data, children before parents.
    #[serde(default)]
    pub drop_tables: Vec<String>,
    /// Tables to empty, parents first.
    #[serde(default)]
    pub truncate_tables: Vec<String>,
}
