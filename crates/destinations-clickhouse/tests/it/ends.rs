//! A process that ends after any statement of a load: nothing is lost or doubled.

use cartage_destinations_clickhouse::ClickHouseEngine;
use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives};
use serde_json::json;

use crate::util::{Dataset, connect};

impl TestDataset for Dataset {
    type Engine = ClickHouseEngine;

    /// Its statements take some milliseconds each; `CARTAGE_TEST_ALL_ENDS=1` asks for all.
    const ONE_OF: usize = 7;

    fn engine(&self) -> ClickHouseEngine {
        connect(self, &json!({})).into_engine()
    }
}

#[test]
fn rows_of_loads_that_end_anywhere_are_there_once() {
    for scenario in Scenario::DIRECT {
        survives(|| Dataset::new("ends"), CommitModel::NOTHING, scenario);
    }
}

#[test]
fn staged_rows_of_loads_that_end_anywhere_are_there_once() {
    for scenario in Scenario::STAGED {
        survives(|| Dataset::new("ends"), CommitModel::NOTHING, scenario);
    }
}
