//! A process that ends after any statement of a load: nothing is lost or doubled.

use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives};
use cartage_destinations_warehouse::snowflake::SnowflakeEngine;
use serde_json::json;

use super::util::Dataset;

impl TestDataset for Dataset {
    type Engine = SnowflakeEngine;

    fn engine(&self) -> SnowflakeEngine {
        self.connect(&json!({})).into_engine()
    }
}

#[test]
fn rows_of_loads_that_end_anywhere_are_there_once() {
    for scenario in Scenario::DIRECT {
        survives(|| Dataset::new("ends"), CommitModel::ROWS_ONLY, scenario);
    }
}

#[test]
fn staged_rows_of_loads_that_end_anywhere_are_there_once() {
    for scenario in Scenario::STAGED {
        survives(|| Dataset::new("ends"), CommitModel::ROWS_ONLY, scenario);
    }
}
