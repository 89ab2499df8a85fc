//! A process that ends after any statement of a load: nothing is lost or doubled.

use cartage_destinations_api::{MergeStrategy, ReplaceStrategy};
use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives};
use cartage_destinations_warehouse::snowflake::SnowflakeEngine;
use serde_json::json;

use super::util::Dataset;

impl TestDataset for Dataset {
    type Engine = SnowflakeEngine;

    /// The stand-in takes a second for each; `CARTAGE_TEST_ALL_ENDS=1` asks for all.
    const ONE_OF: usize = 9;

    fn engine(&self) -> SnowflakeEngine {
        self.connect(&json!({})).into_engine()
    }
}

/// The steps of a load are those of all databases, so a scenario of each kind has to do.
fn survive(scenario: Scenario) {
    survives(|| Dataset::new("ends"), CommitModel::ROWS_ONLY, scenario);
}

#[test]
fn appended_rows_of_loads_that_end_anywhere_are_there_once() {
    survive(Scenario::Append);
}

#[test]
fn tables_that_are_replaced_by_clones_have_the_rows_of_one_load_wherever_it_ends() {
    survive(Scenario::Replace(ReplaceStrategy::StagingOptimized));
}

#[test]
fn merged_rows_of_loads_that_end_anywhere_are_there_once() {
    survive(Scenario::Merge(MergeStrategy::DeleteInsert));
}
