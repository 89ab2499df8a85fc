//! A dataset of one table in the shared ClickHouse, and files of Arrow arrays for it.

use cartage_destinations_api::{ConnectRequest, LoadPlan, Settings};
use cartage_destinations_clickhouse::{ClickHouse, ClickHouseEngine};
use cartage_destinations_sql::testing::{ItemsLoad, drop_datasets, items_plan};
use cartage_schema::Column;
use cartage_test_support::clickhouse;
use cartage_test_support::postgres::unique;
use serde_json::{Value, json};

/// Settings of a dataset of this name.
pub(crate) struct Named<'n>(pub(crate) &'n str);

impl Named<'_> {
    pub(crate) fn request(&self, settings: &Value) -> ConnectRequest {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        ConnectRequest::new("clickhouse", "shop", self.0).with_settings(settings)
    }
}

/// A dataset with a name of its own; dropped with the value.
pub(crate) struct Dataset {
    pub(crate) name: String,
}

impl Dataset {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { name: unique(prefix) }
    }

    /// What it takes to connect; `extra` settings win over those that reach it.
    pub(crate) fn request(&self, extra: &Value) -> ConnectRequest {
        let mut keys = json!({"credentials": credentials()});
        keys.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        Named(&self.name).request(&keys)
    }
}

/// Those of the account that the environment names, for `cargo xtask conformance`; else of the shared ClickHouse.
fn credentials() -> String {
    std::env::var("DESTINATION__CLICKHOUSE__CREDENTIALS").unwrap_or_else(|_| clickhouse::url())
}

impl Drop for Dataset {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        drop_datasets(connect(self, &json!({})).engine());
    }
}

pub(crate) fn connect(dataset: &Dataset, extra: &Value) -> ClickHouse {
    cartage_destinations_clickhouse::connect(&dataset.request(extra)).unwrap()
}

/// A load of one table into a dataset of its own.
pub(crate) type Fixture = ItemsLoad<ClickHouseEngine, Dataset>;

pub(crate) fn items_load(columns: impl IntoIterator<Item = Column>, extra: &Value) -> Fixture {
    let dataset = Dataset::new("items");
    ItemsLoad::new(connect(&dataset, extra), plan(columns), dataset)
}

/// A load of `items`, with files of these names.
pub(crate) fn plan(columns: impl IntoIterator<Item = Column>) -> LoadPlan {
    items_plan("1700000000.5", columns, &["1", "2"])
}
