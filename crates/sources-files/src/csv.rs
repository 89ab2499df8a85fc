//! CSV to rows of JSON text.

mod reader;
mod records;
mod values;

pub(crate) use reader::CsvReader;
