//! The suite that all destinations pass.

use std::cell::RefCell;

use cartage_destinations_api::{ConnectRequest, Destination, Settings, conformance};
use cartage_destinations_sql::faults::drop_datasets;
use cartage_destinations_warehouse::snowflake::connect;
use cartage_test_support::postgres::unique;
use serde_json::{Value, json};

use super::util::Dataset;

fn run(extra: &Value) {
    conformance::all(&|| -> Box<dyn Destination> { Box::new(Dataset::new("suite").connect(extra)) });
}

#[test]
fn fakesnow_passes_the_conformance_suite() {
    run(&json!({}));
}

#[test]
fn fakesnow_passes_the_conformance_suite_with_names_as_they_are_on_one_connection() {
    run(&json!({"naming_convention": "direct", "connections": 1}));
}

/// For `cargo xtask conformance snowflake`; the datasets that it makes go.
#[test]
#[ignore = "needs an account"]
fn an_account_passes_the_conformance_suite() {
    let credentials = std::env::var("DESTINATION__SNOWFLAKE__CREDENTIALS").unwrap();
    let settings = json!({ "credentials": credentials });
    let at = |dataset: &str| {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        connect(&ConnectRequest::new("snowflake", "shop", dataset).with_settings(settings)).unwrap()
    };
    let datasets = RefCell::new(Vec::new());
    conformance::all(&|| -> Box<dyn Destination> {
        let name = unique("suite");
        datasets.borrow_mut().push(name.clone());
        Box::new(at(&name))
    });
    for name in datasets.take() {
        drop_datasets(at(&name).engine());
    }
}
