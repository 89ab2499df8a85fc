//! A dataset of one table at the stand-in, and files of Arrow arrays for it.

use std::sync::Once;

use cartage_destinations_api::{ConnectRequest, LoadPlan, Settings, Statement};
use cartage_destinations_sql::testing::{ItemsLoad, items_plan};
use cartage_destinations_sql::{Row, SqlEngine as _, SqlSession as _};
use cartage_destinations_warehouse::snowflake::{Snowflake, SnowflakeEngine, connect};
use cartage_schema::Column;
use cartage_test_support::FakeSnow;
use cartage_test_support::postgres::unique;
use serde_json::{Value, json};

/// The database of all tests: the views of the stand-in over what is there take longer with each one.
const DATABASE: &str = "SHOP";

/// A dataset with a name of its own; dropped with the value.
pub(crate) struct Dataset {
    pub(crate) name: String,
    server: &'static FakeSnow,
}

impl Dataset {
    pub(crate) fn new(prefix: &str) -> Self {
        Self::named(&unique(prefix))
    }

    pub(crate) fn named(name: &str) -> Self {
        static MADE: Once = Once::new();
        let dataset = Self { name: name.to_owned(), server: FakeSnow::shared() };
        // The first session makes the database; two at once would both do it.
        MADE.call_once(|| drop(dataset.sql("SELECT 1")));
        dataset
    }

    /// What it takes to connect; `extra` settings win over those that reach it.
    pub(crate) fn request(&self, extra: &Value) -> ConnectRequest {
        let credentials =
            json!({"host": "acct", "username": "loader", "password": "hush", "database": DATABASE});
        let mut keys = json!({"credentials": credentials, "url": self.server.url()});
        keys.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let settings = Settings::new(keys.as_object().unwrap().clone());
        ConnectRequest::new("snowflake", "shop", &self.name).with_settings(settings)
    }

    pub(crate) fn connect(&self, extra: &Value) -> Snowflake {
        connect(&self.request(extra)).unwrap()
    }

    /// Runs a statement in a session of its own.
    pub(crate) fn sql(&self, sql: &str) -> Vec<Row> {
        let engine = self.connect(&json!({})).into_engine();
        let session = engine.session().unwrap();
        session.query(&Statement::new("a statement of the test", sql)).unwrap()
    }

    /// Names of the schemas of the dataset that are there.
    pub(crate) fn schemas(&self) -> Vec<String> {
        let names = self.sql("SELECT schema_name FROM information_schema.schemata ORDER BY schema_name");
        let mut names: Vec<String> = names.iter().map(|row| row.text(0).unwrap()).collect();
        names.retain(|name| name.to_lowercase().starts_with(&self.name));
        names
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            for schema in self.schemas() {
                self.sql(&format!("DROP SCHEMA \"{schema}\""));
            }
        }
    }
}

/// A load of one table into a dataset of its own.
pub(crate) type Fixture = ItemsLoad<SnowflakeEngine, Dataset>;

pub(crate) fn items_load(columns: impl IntoIterator<Item = Column>, extra: &Value) -> Fixture {
    let dataset = Dataset::new("items");
    ItemsLoad::new(dataset.connect(extra), plan(columns), dataset)
}

/// A load of `items`, with files of these names.
pub(crate) fn plan(columns: impl IntoIterator<Item = Column>) -> LoadPlan {
    items_plan("1700000000.5", columns, &["1", "2"])
}
