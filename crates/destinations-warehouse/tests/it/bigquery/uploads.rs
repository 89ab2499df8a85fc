//! Files on their way into a table: cut uploads, jobs of earlier attempts, buckets.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use cartage_destinations_api::{ErrorKind, FileFormat, FilePlace, JobFile, Result, StagedAccess};
use cartage_destinations_sql::SqlEngine as _;
use cartage_destinations_sql::statements::TableRef;
use cartage_schema::{Column, DataType, Table};
use cartage_test_support::{Answer, RestServer, Seen};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::util::{connect_to, job, refusal};

const JOBS: &str = "/bigquery/v2/projects/p/jobs";
const BYTES: usize = 1000;

fn rows(count: u64) -> Value {
    json!({"load": {"outputRows": count.to_string()}})
}

fn unknown() -> Answer {
    refusal(404, "notFound", "Not found: Job")
}

/// The answer to an announced upload.
fn announced(seen: &Seen) -> Answer {
    Answer::text("text/plain", "").header("location", format!("{}/chunks", seen.base))
}

/// Loads a file of two rows into `t`.
fn load(service: &RestServer, place: Option<FilePlace>) -> Result<u64> {
    let folder = TempDir::new().unwrap();
    let path: PathBuf = folder.path().join("file");
    fs::write(&path, vec![7; BYTES]).unwrap();
    let destination = connect_to(service, &json!({}));
    let engine = destination.engine();
    let table = Table::root("items", "items").with_column(Column::typed("id", DataType::Json, true));
    let mut file = JobFile::new("items.1.parquet", "items", path, FileFormat::Parquet).with_size(2, 1000);
    if let Some(place) = place {
        file = file.at(place);
    }
    let session = engine.session()?;
    engine.load_file(&session, &TableRef::new("raw_staging", "t"), &table, &file)
}

#[test]
fn an_upload_goes_on_where_it_was_cut() {
    let ranges = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&ranges);
    let service = RestServer::answering(move |seen| match seen.method.as_str() {
        "GET" => unknown(),
        "POST" => announced(seen),
        _ => {
            kept.lock().unwrap().push((seen.header("content-range").unwrap().to_owned(), seen.body.len()));
            match seen.before {
                0 => Answer::text("text/plain", "").status(0),
                1 => Answer::text("text/plain", "").status(308).header("range", "bytes=0-299"),
                _ => job("x", "DONE", None, &rows(2)),
            }
        }
    });
    assert_eq!(load(&service, None).unwrap(), 2);
    let expected = [("bytes 0-999/1000", 1000), ("bytes */1000", 0), ("bytes 300-999/1000", 700)]
        .map(|(range, bytes)| (range.to_owned(), bytes));
    assert_eq!(*ranges.lock().unwrap(), expected);
    let document = service.seen_at("/upload/bigquery/v2/projects/p/jobs")[0].json();
    let load = &document["configuration"]["load"];
    assert_eq!(
        (&load["writeDisposition"], &load["createDisposition"]),
        (&json!("WRITE_TRUNCATE"), &json!("CREATE_NEVER"))
    );
    assert_eq!(load["schema"]["fields"][0], json!({"name": "id", "type": "STRING", "mode": "NULLABLE"}));
}

#[test]
fn a_lost_answer_to_the_last_chunk_is_asked_for() {
    for forgotten in [false, true] {
        let service = RestServer::answering(move |seen| match (seen.method.as_str(), seen.before) {
            // Before the upload there was no such job.
            ("GET", 0) => unknown(),
            ("GET", _) => job("x", "DONE", None, &rows(2)),
            ("POST", _) => announced(seen),
            (_, 0) => Answer::text("text/plain", "").status(0),
            _ if forgotten => Answer::text("text/plain", "no such upload").status(410),
            _ => job("x", "DONE", None, &rows(2)),
        });
        assert_eq!(load(&service, None).unwrap(), 2);
        assert_eq!(service.seen_at("/upload/bigquery/v2/projects/p/jobs").len(), 1, "it is announced once");
    }
}

#[test]
fn a_job_that_has_loaded_the_file_before_is_not_repeated_where_its_rows_are_there() {
    for (rows_there, submitted) in [("2", 0), ("0", 1)] {
        let service = RestServer::answering(move |seen| {
            if seen.path.ends_with("/queries") {
                let row = json!([{"f": [{"v": rows_there}]}]);
                return Answer::json(&json!({
                    "jobComplete": true, "rows": row, "schema": {"fields": [{"name": "n", "type": "INTEGER"}]},
                }));
            }
            match seen.method.as_str() {
                "GET" if seen.path.ends_with("_0") => job("x", "DONE", None, &rows(2)),
                "GET" => unknown(),
                "POST" => announced(seen),
                _ => job("x", "DONE", None, &rows(2)),
            }
        });
        assert_eq!(load(&service, None).unwrap(), 2);
        let uploads = service.seen_at("/upload/bigquery/v2/projects/p/jobs");
        assert_eq!(uploads.len(), submitted);
        assert!(uploads.iter().all(|seen| {
            let id = seen.json()["jobReference"]["jobId"].as_str().unwrap().to_owned();
            id.starts_with("cartage_load_") && id.ends_with("_1")
        }));
    }
}

#[test]
fn a_failed_attempt_has_used_its_id_up() {
    let service = RestServer::answering(|seen| match seen.method.as_str() {
        "GET" if seen.path.ends_with("_0") => {
            job("x", "DONE", Some(("backendError", "try again")), &json!({}))
        }
        "GET" => unknown(),
        "POST" => announced(seen),
        _ => job("x", "DONE", Some(("invalid", "Error while reading data: bad value")), &json!({})),
    });
    let error = load(&service, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal);
    assert!(error.to_string().contains("bad value"), "{error}");
    assert!(service.seen().iter().filter(|seen| seen.path.starts_with(JOBS)).count() == 2);
}

#[test]
fn missing_rows_are_an_error() {
    let service = RestServer::answering(|seen| match seen.method.as_str() {
        "GET" => unknown(),
        "POST" => announced(seen),
        _ => job("x", "DONE", None, &rows(1)),
    });
    let error = load(&service, None).unwrap_err();
    assert!(error.to_string().contains("2 rows are in the file and 1 were loaded"), "{error}");
}

#[test]
fn a_file_in_a_bucket_is_read_by_the_service() {
    let staged = || FilePlace::Staged { url: "gs://b/f.parquet".to_owned(), access: StagedAccess::Own };
    let service = RestServer::answering(|seen| match seen.method.as_str() {
        "GET" => unknown(),
        _ => job("x", "DONE", None, &rows(2)),
    });
    assert_eq!(load(&service, Some(staged())).unwrap(), 2);
    let load_job = &service.seen_at(JOBS)[0].json()["configuration"]["load"];
    assert_eq!(load_job["sourceUris"], json!(["gs://b/f.parquet"]));

    let service = RestServer::answering(|seen| match seen.method.as_str() {
        "GET" => unknown(),
        _ => job("x", "DONE", Some(("accessDenied", "Access Denied: File gs://b/f.parquet")), &json!({})),
    });
    let error = load(&service, Some(staged())).unwrap_err();
    assert!(error.to_string().contains("Storage Object Viewer"), "{error}");
}
