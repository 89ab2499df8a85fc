//! Resources to packages in `extracted/`.
//!
//! [`run`] takes the pages of all resources of a [source](cartage_source_api::Source) in a fixed order, writes their
//! rows into one file or more for each table, and publishes a package: rows, the schema with the hints, the pipeline
//! state. A long run publishes several, each with the state as of its end, wherever the resources can be cut
//! ([`PackageLimits`]); the later stages work on them meanwhile, and a crash loses what came after the last one.
//!
//! Rows of JSON pass through as bytes; whether a row is JSON, and what is in it, is for normalize. Columnar rows stay
//! columnar.
//!
//! The bytes of a package depend on pages, settings, clock and seed, never on the number of threads.
//!
//! # Limitations
//! - Packages of several sources are made one after the other.

mod broken_contract;

mod compress;
mod contract;
mod error;
mod feed;
mod gather;
mod handoff;
mod hinted_tables;
mod limit;
mod plan;
mod probe;
mod publish;
mod refresh;
mod report;
mod request;
mod resource_progress;
mod routed_tables;
mod run;
mod settings;
mod split_policy;
mod state_row;
mod writer;

pub use broken_contract::HintContractError;
pub use cartage_runtime::NextItemMode;
pub use error::ExtractError;
pub use limit::ResourceLimit;
pub use probe::{ProbeSettings, Probed, Sample, SampleColumn, probe};
pub use report::{ExtractReport, ExtractedPackage, ResourceReport};
pub use request::ExtractRequest;
pub use run::run;
pub use settings::{ExtractSettings, MAX_ROW_BYTES, PackageLimits, ResourceSettings};
