//! The suite that all destinations pass.

use cartage_destinations_api::{ConnectRequest, Destination, conformance};
use cartage_destinations_duckdb::connect;
use serde_json::json;

use crate::util::settings;

fn run(extra: &serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    conformance::all(&|| {
        number.set(number.get() + 1);
        let mut keys = extra.clone();
        keys["path"] = json!(format!("{}.duckdb", number.get()));
        let request = ConnectRequest::new("duckdb", "suite", "data").in_folder(folder.path());
        let duckdb: Box<dyn Destination> =
            Box::new(connect(&request.with_settings(settings(&keys))).unwrap());
        duckdb
    });
}

#[test]
fn duckdb_passes_the_conformance_suite() {
    run(&json!({}));
}

#[test]
fn duckdb_passes_the_conformance_suite_with_jsonl_files() {
    run(&json!({"loader_file_format": "jsonl"}));
}

#[test]
fn duckdb_passes_the_conformance_suite_with_unique_constraints() {
    run(&json!({"create_indexes": true}));
}
