//! A schema in the shared server, and its tables as rows of JSON.

use std::time::{Duration, Instant};

use cartage_sources_sql::{SqlResource, SqlSource};
use cartage_test_support::postgres::{Server, shared, unique};
use serde_json::{Value, json};

pub(crate) use crate::shared::*;

/// A schema with a name of its own; dropped with the value.
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) server: Server,
}

impl Schema {
    /// Runs statements in a new schema.
    pub(crate) fn with(sql: &str) -> Self {
        let schema = Self { name: unique("sqlsrc"), server: shared() };
        schema.run(&format!("CREATE SCHEMA {}", schema.name));
        schema.run(sql);
        schema
    }

    pub(crate) fn run(&self, sql: &str) {
        self.server.psql(&format!("SET search_path = {}; {sql}", self.name));
    }

    pub(crate) fn source(&self, keys: &Value) -> SqlSource {
        let mut settings = json!({"credentials": self.server.url()});
        settings.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        source(&settings, Some(self.name.clone()))
    }

    /// One resource, with hints and keys in one table.
    pub(crate) fn resource(&self, name: &str, hints: &Value, keys: &Value) -> SqlResource {
        resource(&self.source(&json!({})), name, hints, keys).unwrap()
    }

    /// How many connections read the schema.
    pub(crate) fn readers(&self) -> u64 {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cartage' AND query LIKE '%{}%'",
            self.name
        );
        self.server.psql(&sql).parse().unwrap()
    }

    /// Waits until nothing reads the schema any more.
    pub(crate) fn assert_hung_up(&self) {
        let begun = Instant::now();
        while self.readers() > 0 {
            assert!(begun.elapsed() < Duration::from_secs(5), "connections are left");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The rows of a table, or what is wrong.
    pub(crate) fn rows(&self, name: &str, hints: &Value, keys: &Value) -> Result<Vec<Value>, String> {
        rows_of(&mut self.resource(name, hints, keys).reader, None).map_err(|error| error.to_string())
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.server.psql(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name));
        }
    }
}
