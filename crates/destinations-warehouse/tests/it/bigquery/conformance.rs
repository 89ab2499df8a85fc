//! The suite that all destinations pass.

use std::cell::RefCell;

use cartage_destinations_api::{ConnectRequest, Destination, Settings, conformance};
use cartage_destinations_sql::faults::drop_datasets;
use cartage_destinations_warehouse::bigquery::connect;
use cartage_test_support::postgres::unique;
use serde_json::json;

use super::util;

#[test]
fn bigquery_passes_the_conformance_suite() {
    conformance::all(&|| -> Box<dyn Destination> { Box::new(util::connect(&unique("suite"), &json!({}))) });
}

/// For `cargo xtask conformance bigquery`; the datasets that it makes go.
#[test]
#[ignore = "needs an account"]
fn an_account_passes_the_conformance_suite() {
    let credentials = std::env::var("DESTINATION__BIGQUERY__CREDENTIALS").unwrap();
    let settings = json!({ "credentials": credentials });
    let at = |dataset: &str| {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        connect(&ConnectRequest::new("bigquery", "shop", dataset).with_settings(settings)).unwrap()
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
