//! Outcomes of the producer on real files.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod clouds;
mod csv;
mod csv_types;
mod damage;
mod dialects;
mod file_columns;
mod files;
mod new_files;
mod parquet;
mod remote;
mod support;
