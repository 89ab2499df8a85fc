//! A process that ends after any statement of a load, in databases whose transactions hold everything, everything but
//! statements that change tables, everything but the loading of files, and nothing: no row is lost or doubled.

use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives, survives_interrupted_take_over};
use cartage_destinations_sqlite::SqliteEngine;
use tempfile::TempDir;

use crate::util::connect;

/// What transactions hold.
pub(crate) const MODELS: [CommitModel; 4] = [
    CommitModel::EVERYTHING,
    CommitModel::ROWS_ONLY,
    CommitModel { ddl: true, bulk: false, rows: true },
    CommitModel { ddl: false, bulk: false, rows: true },
];

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        // In memory where the system has a folder there.
        Self(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }
}

impl TestDataset for Folder {
    type Engine = SqliteEngine;

    fn engine(&self) -> SqliteEngine {
        connect(&self.0).into_engine()
    }
}

fn survives_all(scenarios: &[Scenario]) {
    for model in MODELS.into_iter().chain([CommitModel::NOTHING]) {
        // SQLite does not widen columns.
        for scenario in scenarios.iter().filter(|scenario| **scenario != Scenario::Widen) {
            survives(Folder::new, model, *scenario);
        }
    }
}

#[test]
fn rows_of_loads_that_end_anywhere_are_there_once() {
    survives_all(&Scenario::DIRECT);
}

#[test]
fn a_load_that_goes_on_after_another_one_tried_to_take_over_has_its_rows_once() {
    for model in MODELS.into_iter().chain([CommitModel::NOTHING]) {
        survives_interrupted_take_over(Folder::new, model);
    }
}

#[test]
fn staged_rows_of_loads_that_end_anywhere_are_there_once() {
    survives_all(&Scenario::STAGED);
}
