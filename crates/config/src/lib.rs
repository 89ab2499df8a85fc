//! Layered settings and secrets: `pipeline.toml`, the files beside it, the environment and `--set`.
//!
//! Owns where a value comes from and what it must look like; what the value means belongs to the code that
//! asked for it. Destinations and sources declare their own keys as a serde type and get a
//! [`Section`] to parse it from, so that this crate knows none of them.
//!
//! Layers, the first that has a value wins: `--set a.b.c=value`; the environment in dlt's spelling;
//! `secrets.toml` and `config.toml` in `.cartage/` (or `.dlt/`) beside the file; the file; defaults.
//!
//! ```
//! use cartage_config::{Config, LoadOptions};
//!
//! let config = Config::load(LoadOptions {
//!     text: Some("[pipeline]\nname = \"shop\"\ndestination = \"duckdb\"".into()),
//!     sets: vec!["load.workers=4".into()],
//!     ..LoadOptions::default()
//! })?;
//! assert_eq!(config.pipeline.dataset_name, "shop_dataset");
//! assert_eq!(config.load.workers.get(), 4);
//! # Ok::<(), cartage_config::ConfigError>(())
//! ```
//!
//! # Limitations
//! Files and the environment are the only providers; vaults are not asked. Names of one word
//! (`PATH`, `NAME`) are never read from the environment without their section, because other
//! programs use them for other things.

mod config;
mod data_dir;
mod de;
mod env_layer;
mod error;
mod layers;
mod node;
mod origin;
mod providers;
mod seconds;
mod secret;
mod secrets;
mod section;
mod set_layer;
mod settings;
mod toml_layer;
mod trace;
mod untyped;
mod variable_names;
mod written;

pub use cartage_runtime::NextItemMode;
pub use config::{Config, LoadOptions};
pub use data_dir::data_dir;
pub use env_layer::Environment;
pub use error::{ConfigError, nearest};
pub use origin::{Layer, Origin, OriginPlace};
pub use seconds::Seconds;
pub use secret::Secret;
pub use secrets::Secrets;
pub use section::Section;
pub use settings::{
    DataWriterSettings, DestinationSettings, ExtractSection, LoadSection, LogFormat, LogLevel, MemorySize,
    NoMemorySize, NormalizeSection, PipelineSettings, ProgressMode, RefreshMode, ResourceSection,
    RuntimeSettings, SchemaFileFormat, SourceSettings,
};
pub use trace::ResolvedValue;
pub use untyped::keys_of;
pub use variable_names::variable_of;
pub use written::{Written, text_or_structure};
