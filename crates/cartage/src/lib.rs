//! Loads data from anywhere into typed, relational tables: the facade of Cartage's crates.
//!
//! [`pipeline()`] is where a program begins: a name, a destination, and sources of Rust.
//!
//! ```no_run
//! use cartage::{To, pipeline, resource, source};
//! use serde_json::json;
//!
//! let pages = resource("events", |run| {
//!     let since: u64 = run.incremental().start_value()?.unwrap_or(0);
//!     Ok([Ok(vec![json!({"id": since + 1})])])
//! });
//! let events = source("shop").with(pages.incremental("id"));
//! let report = pipeline("shop").destination(To::duckdb("shop.duckdb")).dataset("raw").run(events)?;
//! print!("{report}");
//! # Ok::<(), cartage::Error>(())
//! ```
//!
//! The guide `docs/guide/rust.md` explains each idea, and `examples/` has a program for each.
//!
//! Each module is one crate, and each can be used alone:
//!
//! | Module | What it is |
//! |---|---|
//! | [`package_store`] | load packages on disk: format, publish, jobs, locks |
//! | [`schema`] | types, tables, columns, naming conventions, the version hash |
//! | [`values`] | typed values, their text forms, coercion |
//! | [`state`] | what a pipeline remembers between runs |
//! | [`source_api`] | what a source implements: producers of pages |
//! | [`extract`], [`normalize`], [`load`] | the stages |
//! | [`mod@pipeline`] | the stages together |
//! | [`sources`], [`destinations`] | registries by name |
//! | [`sources_rust`] | sources of Rust; what is in it is here, too |
//!
//! A pipeline of a configuration file is a [`pipeline::Project`]:
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
//! println!("{} tables", report.data_tables().count());
//! # Ok(())
//! # }
//! ```

mod builder;
mod program;
mod rest;
mod to;

pub use builder::{PipelineBuilder, pipeline};
pub use cartage_pipeline::{ExtractOptions, PipelineError as Error, Refresh, RunOptions, RunReport};
pub use cartage_schema::WriteDisposition;
pub use cartage_sources_rust::*;
pub use program::Pipeline;
pub use rest::RestClient;
pub use to::To;

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
pub use cartage_source_api as source_api;
pub use cartage_sources as sources;
pub use cartage_sources_rust as sources_rust;
pub use cartage_state as state;
pub use cartage_values as values;
