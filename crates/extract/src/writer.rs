//! Files of the package: rows of each table in the order in which they were handed over.
//!
//! Where files and blocks end depends only on the rows and the settings, never on threads.

mod files;
mod origins;
mod parquet;
mod quarantine;
mod rows;
mod settings;
mod tables;

pub(crate) use files::PackageFiles;
pub(crate) use settings::WriterSettings;
pub(crate) use tables::TableWriters;
