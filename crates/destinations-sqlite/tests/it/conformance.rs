//! The suite that all destinations pass.

use std::cell::RefCell;

use cartage_destinations_api::{ConnectRequest, Destination, Settings, conformance};
use serde_json::json;
use tempfile::TempDir;

fn run(dataset: &str) {
    let folders = RefCell::new(Vec::new());
    conformance::all(&|| {
        let folder = TempDir::new().unwrap();
        let settings = Settings::new(json!({"path": "shop.sqlite"}).as_object().unwrap().clone());
        let request =
            ConnectRequest::new("sqlite", "shop", dataset).with_settings(settings).in_folder(folder.path());
        folders.borrow_mut().push(folder);
        Box::new(cartage_destinations_sqlite::connect(&request).unwrap()) as Box<dyn Destination>
    });
}

#[test]
fn sqlite_passes_the_conformance_suite_in_a_file_beside_the_main_one() {
    run("raw");
}

#[test]
fn sqlite_passes_the_conformance_suite_in_the_main_file() {
    run("main");
}
