//! A process that ends after any statement of a load: nothing is lost or doubled.

use cartage_destinations_clickhouse::ClickHouseEngine;
use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives};
use serde_json::json;

use crate::util::{Dataset, connect};

impl TestDataset for Dataset {
    type Engine = ClickHouseEngine;

    /// Its statements take some milliseconds each; `CARTAGE_TEST_ALL_ENDS=1` asks for all.
    const ONE_OF: usize = 23;

    fn engine(&self) -> ClickHouseEngine {
        connect(self, &json!({})).into_engine()
    }
}

#[test]
fn rows_of_loads_that_end_anywhere_are_there_once() {
    // The types of columns that tables are sorted by cannot be changed, so that none are.
    for scenario in Scenario::DIRECT.into_iter().filter(|scenario| *scenario != Scenario::Widen) {
        survives(|| Dataset::new("ends"), CommitModel::NOTHING, scenario);
    }
}

#[test]
fn staged_rows_of_loads_that_end_anywhere_are_there_once() {
    for scenario in Scenario::STAGED {
        survives(|| Dataset::new("ends"), CommitModel::NOTHING, scenario);
    }
}
