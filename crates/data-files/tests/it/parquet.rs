//! Row groups that several threads encode.

use std::fs;
use std::sync::Arc;
use std::thread;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use cartage_data_files::parquet::{
    ColumnBatch, EncodedRowGroup, FileWriter, Layout, LayoutOptions, ParquetError, RowGroupEncoder,
};

const COLUMNS: usize = 40;
const ROWS: usize = 2_000;

fn layout() -> Layout {
    let column = |index: usize| {
        let data_type = if index.is_multiple_of(2) { DataType::Int64 } else { DataType::Utf8 };
        Field::new(format!("c{index}"), data_type, index != 4)
    };
    let schema = Schema::new((0..COLUMNS).map(column).collect::<Vec<_>>());
    Layout::new(Arc::new(schema), &LayoutOptions::default()).unwrap()
}

fn batch(from: i64) -> ColumnBatch {
    let column = |index: usize| -> Option<ArrayRef> {
        let values = from..from + ROWS as i64;
        match index {
            7 => None,
            _ if index.is_multiple_of(2) => Some(Arc::new(Int64Array::from_iter_values(values))),
            _ => Some(Arc::new(StringArray::from_iter_values(values.map(|value| value.to_string())))),
        }
    };
    (ROWS, (0..COLUMNS).map(column).collect())
}

/// What all threads got.
fn encode_together(batches: Vec<ColumnBatch>) -> Vec<Result<EncodedRowGroup, ParquetError>> {
    let encoder = RowGroupEncoder::new(layout(), batches);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| encoder.work())).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn many_threads_encode_the_bytes_that_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, group: EncodedRowGroup| {
        let path = folder.path().join(name);
        let mut writer = FileWriter::create(&path, &layout()).unwrap();
        writer.append(group).unwrap();
        let stats = writer.finish().unwrap();
        assert_eq!(stats.rows, 2 * ROWS as u64);
        fs::read(path).unwrap()
    };
    let batches = || vec![batch(0), batch(5_000)];
    let alone = file("alone", layout().encode(&batches()).unwrap());
    let mut groups = encode_together(batches());
    assert_eq!(groups.len(), 1, "one thread gets the row group");
    assert!(file("together", groups.remove(0).unwrap()) == alone);
}

#[test]
fn one_thread_gets_the_error_of_the_first_column_that_has_one() {
    let mut wrong = batch(0);
    for column in [4, 30] {
        // The first lets no nulls in, the other has another type.
        wrong.1[column] = if column == 4 { None } else { wrong.1[1].clone() };
    }
    let expected = layout().encode(&[wrong.clone()]).unwrap_err().to_string();
    let mut results = encode_together(vec![wrong]);
    assert_eq!(results.len(), 1);
    assert_eq!(results.remove(0).unwrap_err().to_string(), expected);
}
