//! Parquet files are checked and handed on.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use cartage_runtime::{CancelToken, OnBadRow};
use cartage_source_api::{OpenContext, Page, Producer};
use parquet::arrow::ArrowWriter;
use serde_json::json;

use crate::support::Folder;

fn write(folder: &Folder, name: &str, rows: i64) {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(folder.path(name)).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn a_file_is_one_page_with_its_rows() {
    let folder = Folder::new();
    write(&folder, "a.parquet", 10);
    write(&folder, "b.parquet", 20);
    let mut producer = folder.producer(&json!({"path": "*.parquet"}), OnBadRow::Fail);
    producer.open(&OpenContext::new(100, CancelToken::default())).unwrap();
    for (name, rows) in [("a.parquet", 10), ("b.parquet", 20)] {
        let Some(Page::ParquetFile(file)) = producer.next_page().unwrap() else { panic!("a Parquet file") };
        assert_eq!((&*file.source, file.rows, &file.path), (name, rows, &folder.path(name)));
    }
    assert!(producer.next_page().unwrap().is_none());
    assert_eq!(producer.inputs().iter().map(|input| input.rows).collect::<Vec<_>>(), [10, 20]);
}

#[test]
fn damaged_files_are_named() {
    let folder = Folder::new();
    write(&folder, "a.parquet", 10);
    let whole = std::fs::read(folder.path("a.parquet")).unwrap();
    for (name, content) in [
        ("cut.parquet", &whole[..whole.len() - 20]),
        ("empty.parquet", &[][..]),
        ("text.parquet", b"this is not a parquet file at all"),
    ] {
        folder.write(name, content);
        let error = folder.error(&json!({"path": name}));
        assert!(error.starts_with(&format!("{name}: is not a complete Parquet file: ")), "{error}");
    }
}
