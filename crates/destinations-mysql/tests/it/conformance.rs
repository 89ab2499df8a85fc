//! The suite that all destinations pass.

use std::cell::RefCell;

use cartage_destinations_api::{Destination, conformance};
use serde_json::{Value, json};

use crate::util::{Dataset, connect};

fn run(extra: &Value) {
    let datasets = RefCell::new(Vec::new());
    conformance::all(&|| {
        let dataset = Dataset::new("suite");
        let mysql: Box<dyn Destination> = Box::new(connect(&dataset, extra));
        datasets.borrow_mut().push(dataset);
        mysql
    });
}

#[test]
fn mariadb_passes_the_conformance_suite() {
    run(&json!({}));
}

#[test]
fn mariadb_passes_the_conformance_suite_with_unique_constraints_on_one_connection() {
    run(&json!({"create_indexes": true, "connections": 1}));
}
