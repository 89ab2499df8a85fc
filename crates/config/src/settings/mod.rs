//! The typed settings, one file for each table of the pipeline file.

mod destination;
mod memory;
pub(crate) mod pipeline;
mod runtime;
mod source;
mod stages;
mod writer;

pub use destination::DestinationSettings;
pub use memory::{MemorySize, NoMemorySize};
pub use pipeline::{PipelineSettings, ProgressMode, RefreshMode, SchemaFileFormat};
pub use runtime::{LogFormat, LogLevel, RuntimeSettings};
pub use source::{ResourceSection, SourceSettings};
pub use stages::{ExtractSection, LoadSection, NormalizeSection};
pub use writer::DataWriterSettings;

pub(crate) use source::resources_of;
