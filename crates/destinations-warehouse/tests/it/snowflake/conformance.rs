//! The suite that all destinations pass.

use cartage_destinations_api::ConnectRequest;
use cartage_destinations_warehouse::snowflake;
use serde_json::{Value, json};

use super::util::Dataset;
use crate::suite::{account, passes};

fn run(extra: &Value) {
    match account("DESTINATION__SNOWFLAKE__CREDENTIALS", extra) {
        None => passes(|dataset| Dataset::named(dataset).connect(extra)),
        Some(account) => passes(|dataset| {
            let request = ConnectRequest::new("snowflake", "shop", dataset);
            snowflake::connect(&request.with_settings(account.clone())).unwrap()
        }),
    }
}

#[test]
fn snowflake_passes_the_conformance_suite() {
    run(&json!({}));
}

#[test]
fn snowflake_passes_the_conformance_suite_with_names_as_they_are_on_one_connection() {
    run(&json!({"naming_convention": "direct", "connections": 1}));
}
