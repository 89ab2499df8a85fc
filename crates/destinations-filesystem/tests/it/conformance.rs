//! The suite that every destination passes, for a folder and for a bucket, in both directions of writing.

use std::sync::Mutex;

use cartage_destinations_api::conformance;
use serde_json::json;
use tempfile::TempDir;

use crate::bucket::{fresh_bucket, fresh_container};
use crate::support::connect;

fn folder_passes(format: &str) {
    let folders: Mutex<Vec<TempDir>> = Mutex::default();
    conformance::all(&|| {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let made = connect(&json!({"bucket_url": folder.path(), "loader_file_format": format}));
        folders.lock().expect("no panic holds it").push(folder);
        Box::new(made)
    });
}

#[test]
fn a_folder_of_jsonl_passes_the_conformance_suite() {
    folder_passes("jsonl");
}

#[test]
fn a_folder_of_parquet_passes_the_conformance_suite() {
    folder_passes("parquet");
}

#[test]
fn a_bucket_passes_the_conformance_suite() {
    conformance::all(&|| Box::new(connect(&fresh_bucket())));
}

#[test]
fn a_container_of_azure_passes_the_conformance_suite() {
    conformance::all(&|| Box::new(connect(&fresh_container())));
}
