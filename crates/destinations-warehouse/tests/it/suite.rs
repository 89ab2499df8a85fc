//! The suite that all destinations pass, at a stand-in or at an account.

use std::cell::RefCell;

use cartage_destinations_api::{Destination, Settings, conformance};
use cartage_destinations_sql::testing::drop_datasets;
use cartage_destinations_sql::{SqlDestination, SqlEngine};
use cartage_test_support::postgres::unique;
use serde_json::{Map, Value};

/// Runs it with `at`, which connects to a dataset; the datasets go afterwards.
pub(crate) fn passes<E: SqlEngine + 'static>(at: impl Fn(&str) -> SqlDestination<E>) {
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

/// Settings for the account whose credentials `variable` holds, for `cargo xtask conformance`; none where the stand-in is
/// meant.
pub(crate) fn account(variable: &str, extra: &Value) -> Option<Settings> {
    let mut keys = Map::from_iter([("credentials".to_owned(), std::env::var(variable).ok()?.into())]);
    keys.extend(extra.as_object().unwrap().clone());
    Some(Settings::new(keys))
}
