//! Writes the few types of the suite's tables as Parquet.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use cartage_schema::value::parse_iso_timestamp;
use cartage_schema::{DataType, Table};
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
            let cells = rows.iter().map(|row| row.get(&column.name));
            let array: ArrayRef = match column.data_type {
                Some(DataType::Bigint) => Arc::new(cells.map(|cell| cell?.as_i64()).collect::<Int64Array>()),
                Some(DataType::Timestamp) => Arc::new(
                    cells
                        .map(|cell| micros(cell?))
                        .collect::<TimestampMicrosecondArray>()
                        .with_timezone("UTC"),
                ),
                _ => Arc::new(cells.map(|cell| cell?.as_str()).collect::<StringArray>()),
            };
            (column.name.as_str(), array, true)
        });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns are equally long");
    let file = File::create(path).expect("a job file can be made");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("the types are Parquet's");
    writer.write(&batch).expect("a job file can be written");
    writer.close().expect("a job file can be closed");
}
