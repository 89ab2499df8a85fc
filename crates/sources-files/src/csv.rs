//! CSV to rows of JSON text.

mod columns;
mod detect;
mod names;
mod reader;
mod records;
mod settings;
mod text;
mod values;

pub(crate) use columns::CsvColumns;
pub(crate) use reader::{CsvFile, CsvReader, named};
pub use settings::{CsvConfig, CsvEncoding, CsvHeader, CsvNameCollisions, CsvTypes};
