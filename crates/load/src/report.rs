//! What a load did.

use cartage_destinations_api::Description;
use indexmap::IndexMap;

/// A finished load.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadReport {
    /// Load id of the package.
    pub load_id: String,
    /// Name of its schema.
    pub schema_name: String,
    /// Where the rows are.
    pub destination: Description,
    /// What each table got, in the order of the package.
    pub tables: IndexMap<String, TableReport>,
    /// Jobs that were put aside (only without `raise_on_failed_jobs`).
    pub failed_jobs: Vec<JobFailure>,
    /// Tables that were created.
    pub created_tables: Vec<String>,
    /// Columns that were added, as (table, column).
    pub added_columns: Vec<(String, String)>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Whether an earlier process had begun this load.
    pub resumed: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// What one table got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableReport {
    /// Rows of completed jobs.
    pub rows: u64,
    /// Number of jobs that completed.
    pub jobs: u64,
    /// Bytes of their files.
    pub bytes: u64,
}

/// A job that was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobFailure {
    /// Name of its file in `failed_jobs/`; the reason is beside it.
    pub job: String,
    /// Name of its table, as in the schema.
    pub table: String,
    /// Rows that are not loaded.
    pub rows: u64,
    /// What is wrong, as text for people.
    pub reason: String,
}

impl LoadReport {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }

    /// Completed jobs of all tables.
    pub fn jobs(&self) -> u64 {
        self.tables.values().map(|table| table.jobs).sum()
    }

    /// Bytes of all loaded files.
    pub fn bytes(&self) -> u64 {
        self.tables.values().map(|table| table.bytes).sum()
    }
}
