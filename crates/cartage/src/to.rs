//! Where a pipeline loads to, as a program says it.

use serde_json::Value;

/// A destination: a name, and the keys that would stand under `[destination.<name>]`.
///
/// A bare text such as `"duckdb"` is a type with its defaults, or the name of a destination that the
/// configuration describes. Credentials need not be here: they are looked for in the environment and in
/// `.cartage/secrets.toml`, too.
#[derive(Clone)]
#[must_use = "a destination does nothing until a pipeline has it"]
pub struct To {
    name: String,
    keys: Vec<(String, Value)>,
}

impl To {
    /// A destination by its type, or by its name in the configuration.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), keys: Vec::new() }
    }

    /// A DuckDB file, relative to the current folder.
    pub fn duckdb(path: &str) -> Self {
        Self::new("duckdb").set("path", path)
    }

    /// A folder, or a bucket such as `s3://bucket/raw`.
    pub fn filesystem(bucket_url: &str) -> Self {
        Self::new("filesystem").set("bucket_url", bucket_url)
    }

    /// A SQLite file for each dataset, relative to the current folder.
    pub fn sqlite(path: &str) -> Self {
        Self::new("sqlite").set("path", path)
    }

    /// A server of MySQL or MariaDB, `mysql://user@host/database`.
    pub fn mysql(credentials: &str) -> Self {
        Self::new("mysql").set("credentials", credentials)
    }

    /// A PostgreSQL database, `postgresql://user@host/database`.
    pub fn postgres(credentials: &str) -> Self {
        Self::new("postgres").set("credentials", credentials)
    }

    /// Sets a name, which distinguishes several destinations of one type.
    pub fn named(mut self, name: &str) -> Self {
        let kind = std::mem::replace(&mut self.name, name.to_owned());
        if self.keys.iter().any(|(key, _)| key == "type") { self } else { self.set("type", kind) }
    }

    /// Sets a key of the destination, as it is called in `pipeline.toml`.
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.keys.push((key.to_owned(), value.into()));
        self
    }

    /// The name, and what the keys are in the configuration.
    pub(crate) fn into_settings(self) -> (String, Vec<(String, Value)>) {
        // A dotted key is quoted as in TOML.
        let table = format!("destination.{}", Value::from(self.name.as_str()));
        let keys = self.keys.into_iter().map(|(key, value)| (format!("{table}.{key}"), value));
        (self.name, keys.collect())
    }
}

impl std::fmt::Debug for To {
    /// Values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<&str> = self.keys.iter().map(|(key, _)| key.as_str()).collect();
        f.debug_struct("To").field("name", &self.name).field("keys", &keys).finish()
    }
}

impl From<&str> for To {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}
