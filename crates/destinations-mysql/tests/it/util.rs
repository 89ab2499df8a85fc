//! A dataset of one table in the shared server, and files of Arrow arrays for it.

use cartage_destinations_api::{ConnectRequest, LoadPlan, Settings};
use cartage_destinations_mysql::{Mysql, MysqlEngine};
use cartage_destinations_sql::testing::{ItemsLoad, items_plan};
use cartage_schema::Column;
use cartage_test_support::mariadb::{Server, shared};
use cartage_test_support::postgres::unique;
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

    /// What it takes to connect; `extra` settings win over those that reach it.
    pub(crate) fn request(&self, extra: &Value) -> ConnectRequest {
        let mut keys = json!({"credentials": self.server.url()});
        keys.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let settings = Settings::new(keys.as_object().unwrap().clone());
        ConnectRequest::new("mariadb", "shop", &self.name).with_settings(settings)
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let drop = |name: &str| format!("DROP DATABASE IF EXISTS `{name}`;");
            self.server.sql(&[drop(&self.name), drop(&format!("{}_staging", self.name))].concat());
        }
    }
}

/// Settings without encryption, which takes its time where nothing is optimized.
pub(crate) fn plain(dataset: &Dataset) -> Value {
    json!({"credentials": format!("{}?ssl_mode=DISABLED", dataset.server.url())})
}

pub(crate) fn connect(dataset: &Dataset, extra: &Value) -> Mysql {
    cartage_destinations_mysql::connect(&dataset.request(extra)).unwrap()
}

/// A load of one table into a dataset of its own.
pub(crate) type Fixture = ItemsLoad<MysqlEngine, Dataset>;

pub(crate) fn items_load(columns: impl IntoIterator<Item = Column>, extra: &Value) -> Fixture {
    let dataset = Dataset::new("items");
    ItemsLoad::new(connect(&dataset, extra), plan(columns), dataset)
}

/// A load of `items`, with files of these names.
pub(crate) fn plan(columns: impl IntoIterator<Item = Column>) -> LoadPlan {
    items_plan("1700000000.5", columns, &["1", "2"])
}
