//! Files as a source, on this machine, in buckets and at web addresses: JSON lines, JSON documents, CSV and Parquet,
//! plain, gzip or zstd.
//!
//! [`FilesProducer`] reads the files of one resource, one after the other, and never holds more than a page of rows of
//! one. What kind of file it is follows from the extension or the settings; whether it is compressed from its first
//! bytes. Objects that are not on this machine are asked for before it is their turn, as far as a few dozen megabytes
//! of memory go (`remote/ahead.rs`).
//!
//! # Limitations
//! - JSON must be UTF-8; CSV may be written in any encoding of the web.
//! - A web address is one object: nothing is listed there. Its server must say how long the object is.
//! - A Parquet file that is not on this machine is copied to the folder for temporary files first.
//! - Parquet is taken as it stands, so it can neither be compressed as a whole nor come from standard input.
//! - A row of a JSON document is held as a whole; the document is not.

mod config;
mod csv;
mod delimiters;
mod file_columns;
mod find;
mod found;
mod input;
mod kinds;
mod local;
mod mime;
mod parquet;
mod producer;
mod reading;
#[cfg(feature = "buckets")]
mod remote;
#[cfg(not(feature = "buckets"))]
#[path = "without_buckets.rs"]
mod remote;
mod seen;

pub use config::{FilesConfig, InputFormat, Paths};
pub use csv::{CsvConfig, CsvEncoding, CsvHeader, CsvNameCollisions, CsvTypes};
pub use file_columns::FileColumn;
pub use local::local_path;
pub use producer::FilesProducer;
