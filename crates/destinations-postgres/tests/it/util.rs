//! A dataset of one table in the shared server, and files of Arrow arrays for it.

use cartage_destinations_api::{ConnectRequest, LoadPlan, Settings};
use cartage_destinations_postgres::{Postgres, PostgresEngine};
use cartage_destinations_sql::testing::{ItemsLoad, items_plan};
use cartage_schema::Column;
use cartage_test_support::postgres::{Server, shared, unique};
use serde_json::{Value, json};

/// A dataset with a name of its own; dropped with the value.
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) server: Server,
}

impl Dataset {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { name: unique(prefix), server: shared() }
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        let name = &self.name;
        let sql = format!(
            "DROP SCHEMA IF EXISTS \"{name}\" CASCADE; DROP SCHEMA IF EXISTS \"{name}_staging\" CASCADE"
        );
        if !std::thread::panicking() {
            self.server.psql(&sql);
        }
    }
}

/// A destination in the shared server; `extra` settings win over those that reach it.
pub(crate) fn connect(dataset: &str, extra: &Value) -> Postgres {
    let mut keys = json!({"credentials": shared().url()});
    for (key, value) in extra.as_object().unwrap() {
        keys[key] = value.clone();
    }
    let settings = Settings::new(keys.as_object().unwrap().clone());
    cartage_destinations_postgres::connect(
        &ConnectRequest::new("postgres", "shop", dataset).with_settings(settings),
    )
    .unwrap()
}

/// A load of one table into a dataset of its own.
pub(crate) type Fixture = ItemsLoad<PostgresEngine, Dataset>;

pub(crate) fn items_load(columns: impl IntoIterator<Item = Column>, extra: &Value) -> Fixture {
    let dataset = Dataset::new("items");
    ItemsLoad::new(connect(&dataset.name, extra), plan(columns), dataset)
}

/// A load of `items`, with files of these names.
pub(crate) fn plan(columns: impl IntoIterator<Item = Column>) -> LoadPlan {
    items_plan("1700000000.5", columns, &["1.parquet", "2.parquet", "items.1.parquet", "one", "two", "other"])
}
