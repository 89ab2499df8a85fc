//! A process that ends after any statement of a load: nothing is lost or doubled.

use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives};
use cartage_destinations_warehouse::bigquery::BigQueryEngine;
use cartage_test_support::postgres::unique;
use serde_json::json;

use super::util::connect;

const MODEL: CommitModel = CommitModel { ddl: false, bulk: false, rows: true };

/// A dataset with a name of its own.
struct Dataset(String);

impl TestDataset for Dataset {
    type Engine = BigQueryEngine;

    /// The stand-in takes a second for each; `CARTAGE_TEST_ALL_ENDS=1` asks for all.
    const ONE_OF: usize = 17;

    fn engine(&self) -> BigQueryEngine {
        connect(&self.0, &json!({})).into_engine()
    }
}

#[test]
fn rows_of_loads_that_end_anywhere_are_there_once() {
    for scenario in Scenario::DIRECT {
        survives(|| Dataset(unique("ends")), MODEL, scenario);
    }
}

#[test]
fn staged_rows_of_loads_that_end_anywhere_are_there_once() {
    for scenario in Scenario::STAGED {
        survives(|| Dataset(unique("ends")), MODEL, scenario);
    }
}
