//! What earlier loads have left at a destination: states, schemas, and loads that are not at their end.

use serde::Serialize;

/// A row of `_dlt_pipeline_state`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredState {
    /// Counts the changes of the state.
    pub version: u64,
    /// Hash of the state, where the row has one.
    pub version_hash: Option<String>,
    /// The state as encoded in the row; `cartage_state` decodes it.
    pub encoded: String,
    /// The load that brought it.
    pub load_id: String,
}

impl StoredState {
    /// A row with these values.
    pub fn new(version: u64, version_hash: Option<String>, encoded: String, load_id: String) -> Self {
        Self { version, version_hash, encoded, load_id }
    }
}

/// A row of `_dlt_version`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSchema {
    /// Name of the schema.
    pub name: String,
    /// Version number, as dlt counts it.
    pub version: u64,
    /// Hash of the content, as base64.
    pub version_hash: String,
    /// The document, decoded.
    pub document: String,
}

impl StoredSchema {
    /// A row with these values.
    pub fn new(name: String, version: u64, version_hash: String, document: String) -> Self {
        Self { name, version, version_hash, document }
    }
}

/// A load that was begun and neither completed nor taken over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct LoadInFlight {
    /// Name of the pipeline that began it.
    pub pipeline: String,
    /// Load id of the load.
    pub load_id: String,
}

impl LoadInFlight {
    /// A load by its names.
    pub fn new(pipeline: impl Into<String>, load_id: impl Into<String>) -> Self {
        Self { pipeline: pipeline.into(), load_id: load_id.into() }
    }
}
