//! A process that ends after any statement of a load: nothing is lost or doubled.

use cartage_destinations_api::{MergeStrategy, ReplaceStrategy};
use cartage_destinations_duckdb::{DuckDbEngine, connect};
use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives};
use serde_json::json;
use tempfile::TempDir;

use crate::util::request;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl TestDataset for Folder {
    type Engine = DuckDbEngine;

    fn engine(&self) -> DuckDbEngine {
        connect(&request(self.0.path(), &json!({}))).unwrap().into_engine()
    }
}

#[test]
fn rows_of_loads_that_end_anywhere_are_there_once() {
    for scenario in [
        Scenario::Append,
        Scenario::Widen,
        Scenario::Replace(ReplaceStrategy::InsertFromStaging),
        Scenario::Merge(MergeStrategy::DeleteInsert),
    ] {
        survives(Folder::new, CommitModel::EVERYTHING, scenario);
    }
}
