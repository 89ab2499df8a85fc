//! Columnar rows stay columnar.

use std::fs::File;
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use cartage_package_store::{FileFormat, JobState};
use cartage_source_api::{Page, Pages, ParquetFile};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

use crate::support::{Package, Pipeline, resource};

fn batch(from: i64, rows: i64) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(from..from + rows));
    RecordBatch::try_from_iter([("n", numbers)]).unwrap()
}

fn pages(batches: Vec<RecordBatch>) -> cartage_source_api::Resource {
    resource("a", json!({}), Pages(batches.into_iter().map(|batch| Ok(Page::Arrow(batch)))))
}

fn parquet_file(path: &Path, rows: i64) -> ParquetFile {
    let batch = batch(0, rows);
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let bytes = path.metadata().unwrap().len();
    let source = path.display().to_string().into();
    ParquetFile {
        path: path.to_owned(),
        source,
        rows: rows as u64,
        bytes,
        uncompressed_bytes: bytes,
        scratch: None,
    }
}

/// All numbers of the files of the table, in order, and the rows of each file.
fn numbers(package: &Package) -> (Vec<i64>, Vec<u64>) {
    let mut numbers = Vec::new();
    let files = package.files("a");
    for file in &files {
        assert_eq!((file.format, file.codec), (FileFormat::Parquet, None));
        let input = File::open(package.0.job_path(JobState::New, &file.name)).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(input).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let column =
                batch.column_by_name("n").unwrap().as_any().downcast_ref::<Int64Array>().unwrap().clone();
            numbers.extend(column.values());
        }
    }
    (numbers, files.iter().map(|file| file.rows).collect())
}

#[test]
fn batches_become_parquet_files_that_rotate() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.file_max_items = NonZeroU64::new(40).unwrap();
    let report = pipeline.run(vec![pages(vec![batch(0, 30), batch(30, 30), batch(60, 30)])]).unwrap();
    let (numbers, rows) = numbers(&pipeline.package(&report));
    assert_eq!(numbers, (0..90).collect::<Vec<_>>());
    assert_eq!(rows, [40, 40, 10]);
}

#[test]
fn another_arrow_schema_begins_another_file() {
    let mut pipeline = Pipeline::new();
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let other = RecordBatch::try_from_iter([("t", texts)]).unwrap();
    let report = pipeline.run(vec![pages(vec![batch(0, 3), other, batch(3, 3)])]).unwrap();
    let rows: Vec<u64> = pipeline.package(&report).files("a").iter().map(|file| file.rows).collect();
    assert_eq!(rows, [3, 1, 3]);
}

#[test]
fn a_parquet_file_is_taken_as_it_is() {
    let mut pipeline = Pipeline::new();
    let path = pipeline.temp.folder().join("in.parquet");
    let file = parquet_file(&path, 50);
    let report = pipeline
        .run(vec![resource("a", json!({}), Pages([Ok(Page::ParquetFile(file))].into_iter()))])
        .unwrap();
    let package = pipeline.package(&report);
    let entry = &package.files("a")[0];
    assert_eq!(
        std::fs::read(package.0.job_path(JobState::New, &entry.name)).unwrap(),
        std::fs::read(&path).unwrap()
    );
    assert_eq!((entry.rows, report.tables["a"]), (50, 50));
}

#[test]
fn a_limit_of_rows_cuts_batches_and_parquet_files() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.limit.rows = Some(45);
    let report = pipeline.run(vec![pages(vec![batch(0, 30), batch(30, 30), batch(60, 30)])]).unwrap();
    assert_eq!(numbers(&pipeline.package(&report)).0.len(), 45);
    let file = parquet_file(&pipeline.temp.folder().join("in.parquet"), 50);
    let whole = resource("a", json!({}), Pages([Ok(Page::ParquetFile(file))].into_iter()));
    let report = pipeline.run(vec![whole]).unwrap();
    assert_eq!(numbers(&pipeline.package(&report)).0, (0..45).collect::<Vec<_>>());
}

#[test]
fn without_rows_a_batch_makes_no_table() {
    let mut pipeline = Pipeline::new();
    let report = pipeline.run(vec![pages(vec![batch(0, 0)])]).unwrap();
    assert!(pipeline.package(&report).files("a").is_empty());
    assert!(!report.schema.tables.contains_key("a"));
}
