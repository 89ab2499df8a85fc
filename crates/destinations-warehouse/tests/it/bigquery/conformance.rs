//! The suite that all destinations pass.

use cartage_destinations_api::{Destination, conformance};
use cartage_test_support::postgres::unique;
use serde_json::json;

use super::util::connect;

#[test]
fn bigquery_passes_the_conformance_suite() {
    conformance::all(&|| -> Box<dyn Destination> { Box::new(connect(&unique("suite"), &json!({}))) });
}
