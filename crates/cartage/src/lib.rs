//! Loads data from anywhere into typed, relational tables: the facade of Cartage's crates.
//!
//! Each module is one crate, and each can be used alone:
//!
//! | Module | What it is |
//! |---|---|
//! | [`package_store`] | load packages on disk: format, publish, jobs, locks |
//! | [`schema`] | types, tables, columns, naming conventions, the version hash |
//! | [`state`] | what a pipeline remembers between runs |
//! | [`extract`], [`normalize`], [`load`] | the stages |
//! | [`pipeline`] | the stages together |
//! | [`sources`], [`destinations`] | registries by name |
//!
//! ```no_run
//! use cartage::config::{Config, LoadOptions};
//! use cartage::package_store::Wait;
//! use cartage::pipeline::{Project, RunOptions};
//! use cartage::runtime::Runtime;
//!
//! # fn main() -> Result<(), cartage::pipeline::PipelineError> {
//! let config = Config::load(LoadOptions { file: Some("pipeline.toml".into()), ..LoadOptions::default() })?;
//! let project = Project::open(config, Runtime::system(), Wait::Fail)?;
//! let report = project.run(&RunOptions::default(), &|request| cartage::destinations::connect(request))?;
//! println!("{} tables", report.tables.len());
//! # Ok(())
//! # }
//! ```

pub use cartage_config as config;
pub use cartage_data_files as data_files;
pub use cartage_destinations as destinations;
pub use cartage_destinations_api as destinations_api;
pub use cartage_extract as extract;
pub use cartage_load as load;
pub use cartage_normalize as normalize;
pub use cartage_package_store as package_store;
pub use cartage_pipeline as pipeline;
pub use cartage_runtime as runtime;
pub use cartage_schema as schema;
pub use cartage_sources as sources;
pub use cartage_state as state;
