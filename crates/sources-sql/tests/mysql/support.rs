//! A database in the shared server.

use cartage_sources_sql::{SqlResource, SqlSource};
use cartage_test_support::mariadb::{Server, shared};
use cartage_test_support::postgres::unique;
use serde_json::{Value, json};

pub(crate) use crate::shared::*;

/// A database with a name of its own; dropped with the value.
pub(crate) struct Database {
    pub(crate) name: String,
    pub(crate) server: Server,
}

impl Database {
    /// Runs statements in a new database.
    pub(crate) fn with(sql: &str) -> Self {
        let database = Self { name: unique("sqlsrc"), server: shared() };
        database.server.sql(&format!("CREATE DATABASE {} CHARACTER SET utf8mb4", database.name));
        database.run(sql);
        database
    }

    /// Runs statements; sessions allow dates that are none, as old servers do.
    pub(crate) fn run(&self, sql: &str) {
        self.server.sql(&format!("SET sql_mode = 'ALLOW_INVALID_DATES'; USE {}; {sql}", self.name));
    }

    /// Without encryption, which takes its time where nothing is optimized.
    pub(crate) fn url(&self) -> String {
        let url = self.server.url();
        let (authority, _) = url.rsplit_once('/').unwrap();
        format!("{authority}/{}?ssl_mode=DISABLED", self.name)
    }

    pub(crate) fn source(&self, keys: &Value) -> SqlSource {
        let mut settings = json!({"credentials": self.url()});
        settings.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        source(&settings, None)
    }

    /// One resource, with hints and keys in one table.
    pub(crate) fn resource(&self, name: &str, hints: &Value, keys: &Value) -> SqlResource {
        resource(&self.source(&json!({})), name, hints, keys).unwrap()
    }

    /// The rows of a table, or what is wrong.
    pub(crate) fn rows(&self, name: &str, hints: &Value, keys: &Value) -> Result<Vec<Value>, String> {
        rows_of(&mut self.resource(name, hints, keys).reader, None).map_err(|error| error.to_string())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.server.sql(&format!("DROP DATABASE IF EXISTS {}", self.name));
        }
    }
}
