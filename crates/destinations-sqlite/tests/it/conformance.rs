//! The suite that all destinations pass.

use std::cell::RefCell;
use std::sync::Arc;

use cartage_destinations_api::{ConnectRequest, Destination, Settings, conformance};
use cartage_destinations_sql::SqlDestination;
use cartage_destinations_sql::faults::{Faults, Faulty};
use cartage_destinations_sqlite::Sqlite;
use serde_json::json;
use tempfile::TempDir;

use crate::ends::MODELS;

fn run(dataset: &str, make: impl Fn(Sqlite) -> Box<dyn Destination>) {
    let folders = RefCell::new(Vec::new());
    conformance::all(&|| {
        let folder = TempDir::new().unwrap();
        let settings = Settings::new(json!({"path": "shop.sqlite"}).as_object().unwrap().clone());
        let request =
            ConnectRequest::new("sqlite", "shop", dataset).with_settings(settings).in_folder(folder.path());
        folders.borrow_mut().push(folder);
        make(cartage_destinations_sqlite::connect(&request).unwrap())
    });
}

#[test]
fn sqlite_passes_the_conformance_suite_in_a_file_beside_the_main_one() {
    run("raw", |sqlite| Box::new(sqlite));
}

#[test]
fn sqlite_passes_the_conformance_suite_in_the_main_file() {
    run("main", |sqlite| Box::new(sqlite));
}

#[test]
fn the_conformance_suite_passes_whatever_transactions_hold() {
    for model in MODELS {
        run("raw", |sqlite| {
            let engine = Faulty::new(sqlite.into_engine(), model, Arc::new(Faults::never()));
            Box::new(SqlDestination::new(engine))
        });
    }
}
