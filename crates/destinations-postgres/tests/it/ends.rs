//! A process that ends after any statement of a load: nothing is lost or doubled.

use cartage_destinations_api::{MergeStrategy, ReplaceStrategy};
use cartage_destinations_postgres::PostgresEngine;
use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives};
use serde_json::json;

use crate::util::{Dataset, connect};

impl TestDataset for Dataset {
    type Engine = PostgresEngine;

    fn engine(&self) -> PostgresEngine {
        // Without encryption, which takes its time.
        let credentials = format!("{}?sslmode=disable", self.server.url());
        connect(&self.name, &json!({"credentials": credentials})).into_engine()
    }
}

#[test]
fn rows_of_loads_that_end_anywhere_are_there_once() {
    for scenario in [
        Scenario::Append,
        Scenario::Widen,
        Scenario::Replace(ReplaceStrategy::StagingOptimized),
        Scenario::Merge(MergeStrategy::DeleteInsert),
    ] {
        survives(|| Dataset::new("ends"), CommitModel::EVERYTHING, scenario);
    }
}
