//! Which resources a run extracts, and how much of them.

use cartage_package_store::Refresh;
use serde::{Deserialize, Serialize};

/// What a user says on the command line about extracting.
#[derive(Clone, Debug, Default)]
pub struct ExtractOptions {
    /// Only these resources; all where empty.
    pub resources: Vec<String>,
    /// At most this many rows of each resource.
    pub limit: Option<u64>,
    /// What is dropped before.
    pub refresh: Option<Refresh>,
}

/// A resource that is left out of this run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct LeftOut {
    pub(crate) schema: String,
    pub(crate) resource: String,
}
