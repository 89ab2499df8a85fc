//! Registry of sources by type: from a table of `pipeline.toml` to a source that can be extracted.
//!
//! [`build`] knows all types by name. What all of them share (hints of resources, settings of the schema,
//! what happens to bad rows) is read here; the rest belongs to the crate of the type.
//!
//! # Limitations
//! The types are `files`, `rest_api`, `process`, `python`, `singer`, `airbyte` and, with the feature `sql`, `sql_database`.

#[cfg(feature = "buckets")]
mod buckets;
mod files;
mod programs;
mod registry;
mod rest;
mod shared;
#[cfg(feature = "sql")]
mod sql;

#[cfg(feature = "buckets")]
pub use buckets::is_bucket_path;
pub use cartage_sources_files::local_path;
pub use cartage_sources_process::{ConformanceCheck, check_conformance};
pub use registry::{TYPES, build, finds_resources};
