//! The suite that all destinations pass.

use cartage_destinations_api::ConnectRequest;
use cartage_destinations_warehouse::bigquery;
use serde_json::json;

use super::util::connect;
use crate::suite::{account, passes};

#[test]
fn bigquery_passes_the_conformance_suite() {
    match account("DESTINATION__BIGQUERY__CREDENTIALS", &json!({})) {
        None => passes(|dataset| connect(dataset, &json!({}))),
        Some(account) => passes(|dataset| {
            let request = ConnectRequest::new("bigquery", "shop", dataset);
            bigquery::connect(&request.with_settings(account.clone())).unwrap()
        }),
    }
}
