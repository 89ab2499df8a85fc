//! Outcomes of the producer on real files.

mod csv;
mod files;
mod parquet;
mod support;
