//! Which values were used and where they came from, with secrets masked: part of the trace of a run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::node::{Node, Value};
use crate::origin::{Layer, Origin};
use crate::secret::{MASK, is_secret_key, without_password};

/// One value that was asked for and found in a layer; defaults are not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResolvedValue {
    /// The dotted key, such as `destination.duckdb.path`.
    pub key: String,
    /// The value as text, `***` for a secret.
    pub value: String,
    /// The layer: `--set`, `program`, `environment`, `secrets.toml`, `config.toml` or `pipeline.toml`.
    pub provider: String,
    /// The place in the layer.
    pub origin: String,
    /// Whether the value is hidden.
    pub is_secret: bool,
}

/// Collects the values as sections are parsed, each key once.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<BTreeMap<String, ResolvedValue>>);

impl Recorder {
    pub(crate) fn record(&self, key: &str, node: &Node) {
        // Variables that are handed to a program are named as it likes.
        let secret = node.origin.layer == Layer::Secrets
            || key.split('.').any(|part| is_secret_key(part) || part == "env");
        let value = match &node.value {
            Value::Loose(_, Some(read)) => read,
            value => value,
        };
        match value {
            Value::Table(table) => {
                for (name, below) in table {
                    self.record(&format!("{key}.{name}"), below);
                }
            }
            value => {
                self.insert(key, &text_of(value), &node.origin, secret);
            }
        }
    }

    fn insert(&self, key: &str, value: &str, origin: &Origin, is_secret: bool) {
        let resolved = ResolvedValue {
            key: key.to_owned(),
            value: if is_secret { MASK.to_owned() } else { without_password(value) },
            provider: origin.provider(),
            origin: origin.to_string(),
            is_secret,
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), resolved);
    }

    pub(crate) fn values(&self) -> Vec<ResolvedValue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) | Value::Loose(text, _) | Value::Written(_, text) => text.clone(),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(|item| text_of(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) => {
            let entry = |(key, node): (&String, &Node)| {
                let hidden = is_secret_key(key);
                format!("{key} = {}", if hidden { MASK.to_owned() } else { text_of(&node.value) })
            };
            format!("{{{}}}", table.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}
