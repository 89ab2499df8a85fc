//! What happens to rows, and to the tables that they come into.

use serde::{Deserialize, Serialize};

/// What happens to rows that cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRow {
    /// The stage that meets one stops with an error that names it.
    #[default]
    Fail,
    /// They go to a file of the package, with the reason, and are counted.
    Quarantine,
}

/// What happens where two keys of an object in JSON become one column or table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameCollisions {
    /// The later value counts, as in dlt. The summary names both keys and counts the values that gave way.
    #[default]
    Share,
    /// The row cannot be used, see [`OnBadRow`].
    Fail,
}

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
