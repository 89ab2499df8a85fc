//! Writes rows of the suite as Parquet, with the types that normalize gives to its files.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch,
    StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartage_schema::{Column, DataType, Table};
use cartage_values::{Iso, parse_iso, parse_iso_timestamp};
use parquet::arrow::ArrowWriter;
use serde_json::Value;

/// Microseconds of an ISO timestamp.
fn micros(cell: &Value) -> Option<i64> {
    Some(parse_iso_timestamp(cell.as_str()?)?.0)
}

/// Writes the columns of `table` that some row has; the others are absent from the file.
pub(super) fn write(path: &Path, table: &Table, rows: &[Value]) {
    let columns = table
        .complete_columns()
        .filter(|column| rows.is_empty() || rows.iter().any(|row| row.get(&column.name).is_some()))
        .map(|column| {
            let cells: Vec<Option<&Value>> = rows.iter().map(|row| row.get(&column.name)).collect();
            (column.name.as_str(), array(column, &cells), true)
        });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns are equally long");
    let file = File::create(path).expect("a job file can be made");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("the types are Parquet's");
    writer.write(&batch).expect("a job file can be written");
    writer.close().expect("a job file can be closed");
}

fn array(column: &Column, cells: &[Option<&Value>]) -> ArrayRef {
    let texts = || cells.iter().map(|cell| cell.and_then(Value::as_str));
    match column.data_type {
        Some(DataType::Bigint) => {
            Arc::new(cells.iter().map(|cell| cell.and_then(Value::as_i64)).collect::<Int64Array>())
        }
        Some(DataType::Bool) => {
            Arc::new(cells.iter().map(|cell| cell.and_then(Value::as_bool)).collect::<BooleanArray>())
        }
        Some(DataType::Double) => {
            Arc::new(cells.iter().map(|cell| double((*cell)?)).collect::<Float64Array>())
        }
        Some(DataType::Timestamp) => {
            let moments = cells.iter().map(|cell| micros((*cell)?)).collect::<TimestampMicrosecondArray>();
            let is_naive = column.timezone == Some(false);
            Arc::new(if is_naive { moments } else { moments.with_timezone("UTC") })
        }
        Some(DataType::Date) => Arc::new(texts().map(|text| days(text?)).collect::<Date32Array>()),
        Some(DataType::Time) => Arc::new(texts().map(|text| time(text?)).collect::<Time64MicrosecondArray>()),
        Some(DataType::Decimal) => decimals(column, texts()),
        Some(DataType::Binary) => {
            let bytes: Vec<Option<Vec<u8>>> = texts().map(|text| STANDARD.decode(text?).ok()).collect();
            Arc::new(BinaryArray::from_iter(bytes))
        }
        Some(DataType::Json) => {
            Arc::new(cells.iter().map(|cell| cell.map(Value::to_string)).collect::<StringArray>())
        }
        _ => Arc::new(texts().collect::<StringArray>()),
    }
}

fn days(text: &str) -> Option<i32> {
    match parse_iso(text)? {
        Iso::Date(days) => Some(days),
        _ => None,
    }
}

fn time(text: &str) -> Option<i64> {
    match parse_iso(text)? {
        Iso::Time(micros) => Some(micros),
        _ => None,
    }
}

/// JSON has no words for what is not a number.
fn double(cell: &Value) -> Option<f64> {
    cell.as_f64().or_else(|| cell.as_str()?.parse().ok())
}

fn decimals<'a>(column: &Column, texts: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let (precision, scale) = (column.precision.unwrap_or(38), column.scale.unwrap_or(9));
    let unscaled = |text: &str| -> Option<i128> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<width$}", width = scale as usize).parse().ok()
    };
    let array = texts.map(|text| unscaled(text?)).collect::<Decimal128Array>();
    let array = array.with_precision_and_scale(precision as u8, scale as i8);
    Arc::new(array.expect("the samples fit their columns"))
}
