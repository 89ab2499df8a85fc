//! A database in a file of its own.

use std::path::PathBuf;

use cartage_sources_sql::{SqlResource, SqlSource};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use crate::shared::*;

/// A file that goes with the value.
pub(crate) struct Database {
    folder: TempDir,
}

impl Database {
    /// Runs statements in a new file.
    pub(crate) fn with(sql: &str) -> Self {
        let database = Self { folder: TempDir::new().unwrap() };
        database.run(sql);
        database
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("shop.db")
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub(crate) fn run(&self, sql: &str) {
        self.connection().execute_batch(sql).unwrap();
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:///{}", self.path().display())
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
