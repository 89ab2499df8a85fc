//! A process that ends after any statement of a load: nothing is lost or doubled.
//!
//! One scenario for each way in which a load commits; a statement takes the stand-in several hundredths of a second, and
//! there are thousands. All scenarios of `destinations-sql` passed when this was written.

use cartage_destinations_api::{MergeStrategy, ReplaceStrategy};
use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives};
use cartage_destinations_warehouse::bigquery::BigQueryEngine;
use cartage_test_support::bigquery::Server;
use cartage_test_support::postgres::unique;
use serde_json::json;

use super::util::connect;

const MODEL: CommitModel = CommitModel { ddl: false, bulk: false, rows: true };

/// A dataset with a name of its own.
struct Dataset<'s> {
    name: String,
    server: &'s Server,
}

impl TestDataset for Dataset<'_> {
    type Engine = BigQueryEngine;

    /// The stand-in takes a second for each; `CARTAGE_TEST_ALL_ENDS=1` asks for all.
    const ONE_OF: usize = 17;

    fn engine(&self) -> BigQueryEngine {
        connect(&self.name, &json!({"url": self.server.url()})).into_engine()
    }
}

/// At a server of its own, so that several tests are not one after the other.
fn survive(scenario: Scenario) {
    let server = Server::start().unwrap();
    survives(|| Dataset { name: unique("ends"), server: &server }, MODEL, scenario);
}

#[test]
fn rows_of_appending_loads_that_end_anywhere_are_there_once() {
    survive(Scenario::Append);
}

#[test]
fn rows_of_replacing_loads_that_end_anywhere_are_there_once() {
    survive(Scenario::Replace(ReplaceStrategy::StagingOptimized));
}

#[test]
fn rows_of_merging_loads_that_end_anywhere_are_there_once() {
    survive(Scenario::Merge(MergeStrategy::DeleteInsert));
}
