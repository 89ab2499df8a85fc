//! The suite that all destinations pass.

use cartage_destinations_api::{Destination, conformance};
use serde_json::{Value, json};

use crate::util::{Dataset, connect};

fn run(extra: &Value) {
    let datasets = std::cell::RefCell::new(Vec::new());
    conformance::all(&|| {
        let dataset = Dataset::new("suite");
        let postgres: Box<dyn Destination> = Box::new(connect(&dataset.name, extra));
        datasets.borrow_mut().push(dataset);
        postgres
    });
}

#[test]
fn postgres_passes_the_conformance_suite() {
    run(&json!({}));
}

#[test]
fn postgres_passes_the_conformance_suite_without_unique_constraints_on_one_connection() {
    run(&json!({"create_indexes": false, "connections": 1}));
}
