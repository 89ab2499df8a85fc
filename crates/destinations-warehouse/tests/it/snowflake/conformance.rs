//! The suite that all destinations pass.

use cartage_destinations_api::{Destination, conformance};
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
