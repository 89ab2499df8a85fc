//! A process that ends after any statement of a load: nothing is lost or doubled.

use cartage_destinations_mysql::MysqlEngine;
use cartage_destinations_sql::CommitModel;
use cartage_destinations_sql::faults::{Scenario, TestDataset, survives};

use crate::util::{Dataset, connect, plain};

impl TestDataset for Dataset {
    type Engine = MysqlEngine;

    fn engine(&self) -> MysqlEngine {
        connect(self, &plain(self)).into_engine()
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
