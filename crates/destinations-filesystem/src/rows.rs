//! Reads rows of data files, whatever their format: for states on their way, summaries and tests.

use std::io::Read;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cartage_destinations_api::{Error, FileFormat, Result};
use cartage_values::timestamp_to_text;
use flate2::read::MultiGzDecoder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value};

/// A row: column to value, nulls absent. Values that are not text in the file are given as JSON.
pub(crate) type Row = Map<String, Value>;

/// The format and whether the file is packed, by its name; `None` for something else.
pub(crate) fn format_of(name: &str) -> Option<(FileFormat, bool)> {
    let (name, packed) = match name.strip_suffix(".gz") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (_, extension) = name.rsplit_once('.')?;
    Some((extension.parse().ok()?, packed))
}

/// The rows of a file. Packed files are recognized by their first bytes: those of version 1 do not say so.
///
/// # Errors
/// Corrupt if it is not what its format says.
pub(crate) fn read(name: &str, format: FileFormat, bytes: Vec<u8>) -> Result<Vec<Row>> {
    let corrupt = |cause: &dyn std::fmt::Display| Error::corrupt(format!("cannot read {name}: {cause}"));
    if format == FileFormat::Parquet {
        return parquet(bytes).map_err(|cause| corrupt(&cause));
    }
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).map_err(|cause| corrupt(&cause))?;
    } else {
        text = String::from_utf8(bytes).map_err(|cause| corrupt(&cause))?;
    }
    if format == FileFormat::Csv {
        return csv(&text).map_err(|cause| corrupt(&cause));
    }
    text.lines().map(|line| serde_json::from_str(line).map_err(|cause| corrupt(&cause))).collect()
}

fn csv(text: &str) -> Result<Vec<Row>, csv::Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers()?.clone();
    let row = |record: csv::StringRecord| {
        let cells = header.iter().zip(record.iter()).filter(|(_, cell)| !cell.is_empty());
        cells.map(|(name, cell)| (name.to_owned(), Value::from(cell))).collect()
    };
    reader.records().map(|record| record.map(&row)).collect()
}

fn parquet(bytes: Vec<u8>) -> Result<Vec<Row>, Box<dyn std::error::Error + Send + Sync>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))?.build()?;
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch?;
        let begin = rows.len();
        rows.resize_with(begin + batch.num_rows(), Row::new);
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            for (row, value) in rows[begin..].iter_mut().zip(values(array)?) {
                if let Some(value) = value {
                    row.insert(field.name().clone(), value);
                }
            }
        }
    }
    Ok(rows)
}

fn values(array: &ArrayRef) -> Result<Vec<Option<Value>>, arrow::error::ArrowError> {
    if let DataType::Timestamp(TimeUnit::Microsecond, zone) = array.data_type() {
        // The library asks for a database of time zones to show one.
        let moments = array.as_primitive::<TimestampMicrosecondType>().iter();
        let text = |micros| Value::String(timestamp_to_text(micros, zone.is_some()));
        return Ok(moments.map(|micros| micros.map(text)).collect());
    }
    let options = FormatOptions::new();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    let is_plain = array.data_type().is_integer() || *array.data_type() == DataType::Boolean;
    (0..array.len())
        .map(|index| {
            if array.is_null(index) {
                return Ok(None);
            }
            let text = formatter.value(index).try_to_string()?;
            let value = if is_plain { serde_json::from_str(&text).ok() } else { None };
            Ok(Some(value.unwrap_or(Value::String(text))))
        })
        .collect()
}
