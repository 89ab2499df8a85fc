//! The suite that all destinations pass.

use std::cell::RefCell;

use cartage_destinations_api::{Destination, conformance};
use serde_json::json;

use crate::util::{Dataset, connect};

#[test]
fn clickhouse_passes_the_conformance_suite() {
    let datasets = RefCell::new(Vec::new());
    conformance::all(&|| {
        let dataset = Dataset::new("suite");
        let clickhouse: Box<dyn Destination> = Box::new(connect(&dataset, &json!({})));
        datasets.borrow_mut().push(dataset);
        clickhouse
    });
}
