//! How objects are read: ahead, in order, in parts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Int64Array, RecordBatch};
use cartage_runtime::CancelToken;
use cartage_source_api::{OpenContext, Page, Producer};
use parquet::arrow::ArrowWriter;
use serde_json::json;

use super::server::{Faults, Server};
use crate::support::gzip;

#[test]
fn many_small_objects_are_asked_for_at_once_and_come_in_order() {
    let server = Server::new();
    for number in 0..400 {
        server.put(&format!("d/{number:04}.jsonl"), format!("{number}\n"));
    }
    server.misbehave(Faults { delay: Duration::from_millis(50), ..Faults::default() });
    let start = Instant::now();
    let read = server.read(&json!({"path": "s3://bucket/d/*.jsonl"})).unwrap();
    let rows: Vec<usize> = read.rows().split(' ').map(|row| row.parse().unwrap()).collect();
    assert!(rows.into_iter().eq(0..400));
    // One after the other they would take 20 seconds.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(server.most_at_once() >= 16, "{}", server.most_at_once());
}

#[test]
fn a_large_object_is_read_in_parts_a_few_ahead() {
    let server = Server::new();
    let line = format!("{{\"noise\":\"{}\"}}\n", "x".repeat(986));
    let rows = 40_000;
    server.put("big.jsonl", line.repeat(rows));
    let read = server.read(&json!({"path": "s3://bucket/big.jsonl"})).unwrap();
    let found: u64 = read.pages.iter().map(cartage_source_api::JsonPage::rows).sum();
    assert_eq!(found, rows as u64);
    assert_eq!(read.inputs[0].bytes, (line.len() * rows) as u64);
    let parts = server.requests().into_iter().filter(|request| request.contains("bytes=")).count();
    assert_eq!(parts, 5);
    assert!(server.most_at_once() <= 4, "{}", server.most_at_once());
}

#[test]
fn all_formats_and_compressions_are_read() {
    let server = Server::new();
    server.put("a.jsonl.gz", gzip(b"{\"a\":1}\n"));
    server.put("b.jsonl.zst", zstd::encode_all(&b"{\"a\":2}\n"[..], 1).unwrap());
    server.put("c.json", "[{\"a\":3}]");
    server.put("d.csv", "a\n4\n");
    assert_eq!(server.rows("s3://bucket/*"), "{\"a\":1} {\"a\":2} {\"a\":3} {\"a\":4}");
}

fn parquet(rows: i64) -> Vec<u8> {
    let numbers = Arc::new(Int64Array::from_iter_values(0..rows));
    let batch = RecordBatch::try_from_iter([("id", numbers as _)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn parquet_is_copied_here_for_as_long_as_it_is_needed() {
    let server = Server::new();
    server.put("a.parquet", parquet(3));
    let mut producer = server.producer(&json!({"path": "s3://bucket/a.parquet"}));
    producer.open(&OpenContext::new(1 << 20, CancelToken::default())).unwrap();
    let Some(Page::ParquetFile(file)) = producer.next_page().unwrap() else { panic!("a file") };
    let path = file.path.clone();
    assert_eq!((file.rows, &*file.source), (3, "s3://bucket/a.parquet"));
    assert!(producer.next_page().unwrap().is_none());
    drop(producer);
    assert!(path.is_file());
    drop(file);
    assert!(!path.exists());
}

#[test]
fn parquet_with_file_columns_comes_as_batches() {
    let server = Server::new();
    server.put("p/a.parquet", parquet(3));
    let columns =
        ["file_name", "relative_path", "file_url", "size_in_bytes", "modification_date", "encoding"];
    let mut producer = server.producer(&json!({"path": "s3://bucket/*/a.parquet", "file_columns": columns}));
    producer.open(&OpenContext::new(1 << 20, CancelToken::default())).unwrap();
    let Some(page @ Page::Arrow(_)) = producer.next_page().unwrap() else { panic!("a batch") };
    let text = String::from_utf8(page.to_json().unwrap().text().to_vec()).unwrap();
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["relative_path"], "p/a.parquet");
    assert_eq!(first["file_url"], "s3://bucket/p/a.parquet");
    assert_eq!(first["modification_date"], "2023-11-14T22:13:21Z");
    assert!(first["size_in_bytes"].as_i64().unwrap() > 100 && first["encoding"].is_null());
    assert_eq!((text.lines().count(), first["id"].as_i64()), (3, Some(0)));
    assert!(producer.next_page().unwrap().is_none());
}
