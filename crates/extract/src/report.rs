//! What the stage did.

use cartage_package_store::LoadId;
use cartage_schema::{Discards, Schema};
use cartage_source_api::Input;
use cartage_state::PipelineState;
use indexmap::IndexMap;

/// What the stage did.
#[derive(Clone, Debug)]
pub struct ExtractReport {
    /// The packages, in order; none if there was nothing to load and nothing was published.
    pub packages: Vec<ExtractedPackage>,
    /// The schema that the last package carries.
    pub schema: Schema,
    /// The state that the last package carries.
    pub state: PipelineState,
    /// Whether the state differs from the one that was extracted last, so that some package has a row of it.
    pub state_extracted: bool,
    /// The resources that took part, in their order.
    pub resources: Vec<ResourceReport>,
    /// Rows of each table, without the pipeline's state.
    pub tables: IndexMap<String, u64>,
    /// Rows of tables that contracts do not let in.
    pub discards: Discards,
}

/// A package that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtractedPackage {
    /// Load id of the package.
    pub load_id: LoadId,
    /// Number of job files in the package.
    pub files: usize,
    /// Their bytes on disk.
    pub bytes: u64,
    /// Their bytes before compression.
    pub uncompressed_bytes: u64,
}

/// What a resource did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceReport {
    /// Name of the resource.
    pub name: String,
    /// The table its rows went to.
    pub table: String,
    /// Number of rows.
    pub rows: u64,
    /// Rows that its cursor left out: known already, or out of the range of the run.
    pub left_out: u64,
    /// Things that could not be made rows and are in quarantine.
    pub rejected: u64,
    /// Files and other inputs that were read, in order.
    pub inputs: Vec<Input>,
    /// What the user should know although nothing failed.
    pub warnings: Vec<String>,
}

impl ExtractReport {
    /// Rows of all tables, without the pipeline's state.
    pub fn rows(&self) -> u64 {
        self.tables.values().sum()
    }
}
