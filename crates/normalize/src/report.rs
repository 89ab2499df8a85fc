//! What normalizing a package did.

use std::collections::BTreeMap;

use cartage_package_store::LoadId;
use cartage_schema::Discards;
use serde::{Serialize, Serializer};

/// What normalizing a package did, for the summary and the trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NormalizeReport {
    /// The package.
    pub load_id: String,
    /// False if the package had nothing to load and was discarded.
    pub published: bool,
    /// Rows written, by table.
    pub rows: BTreeMap<String, u64>,
    /// Tables that did not exist before.
    pub new_tables: Vec<String>,
    /// Columns that had no type before, by table, in their order.
    pub new_columns: BTreeMap<String, Vec<String>>,
    /// Columns that brought nothing but nulls and therefore do not exist, by table.
    pub null_columns: BTreeMap<String, Vec<String>>,
    /// Hinted columns that never got a type, by table.
    pub unbound_columns: BTreeMap<String, Vec<String>>,
    /// Rows kept apart because they were bad, by table of the file they stood in.
    pub quarantined: BTreeMap<String, u64>,
    /// What contracts kept out of the data.
    #[serde(serialize_with = "discarded")]
    pub discards: Discards,
    /// Rows read.
    pub input_rows: u64,
    /// Bytes of the rows read, before compression.
    pub input_bytes: u64,
    /// Bytes of the job files written.
    pub output_bytes: u64,
    /// Blocks that were read again because they had taken something for granted that turned out otherwise.
    pub repeated_blocks: u64,
    /// How long it took.
    pub seconds: f64,
}

impl NormalizeReport {
    pub(crate) fn new(load_id: &LoadId) -> Self {
        Self { load_id: load_id.to_string(), ..Self::default() }
    }

    /// All rows written.
    pub fn total_rows(&self) -> u64 {
        self.rows.values().sum()
    }
}

fn discarded<S: Serializer>(discards: &Discards, serializer: S) -> Result<S::Ok, S::Error> {
    discards.list().serialize(serializer)
}
