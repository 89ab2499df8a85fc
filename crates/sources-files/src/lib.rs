//! Local files as a source: JSON lines, JSON documents, CSV and Parquet, plain, gzip or zstd.
//!
//! [`FilesProducer`] reads the files of one resource, one after the other, and never holds more than a
//! page of rows. What kind of file it is follows from the extension or the settings; whether it is
//! compressed from its first bytes.
//!
//! # Limitations
//! - JSON must be UTF-8; CSV may be written in any encoding of the web.
//! - Object stores and web addresses are no files; they are for other sources.
//! - Parquet is taken as it stands, so it can neither be compressed as a whole nor come from standard input.
//! - A row of a JSON document is held as a whole; the document is not.

mod config;
mod csv;
mod delimiters;
mod find;
mod input;
mod parquet;
mod producer;

pub use config::{FilesConfig, InputFormat, Paths};
pub use csv::{CsvConfig, CsvEncoding, CsvHeader, CsvNameCollisions, CsvTypes};
pub use find::local_path;
pub use producer::FilesProducer;
