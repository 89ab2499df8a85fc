//! The `--set a.b.c=value` options as a tree.

use std::sync::Arc;

use crate::error::ConfigError;
use crate::node::{Node, Table, Value, lay_over};
use crate::origin::{Layer, Origin, OriginPlace};
use crate::toml_layer;

/// Reads the options; a later one wins over an earlier one.
///
/// # Errors
/// [`ConfigError::BadSet`] for an option that is not `key=value`.
pub(crate) fn read(sets: &[String]) -> Result<Table, ConfigError> {
    let mut tree = Table::new();
    for set in sets {
        let bad = || ConfigError::BadSet { text: key_of(set).to_owned() };
        let (key, value) = set.split_once('=').ok_or_else(bad)?;
        let path = path_of(key.trim()).ok_or_else(bad)?;
        let origin = Origin { layer: Layer::Set, place: OriginPlace::Option(Arc::from(key.trim())) };
        let value = quoted(value, &origin).unwrap_or_else(|| loose(value, &origin));
        lay_over(&mut tree, at(&path, Node::new(value, origin)));
    }
    Ok(tree)
}

/// What looks like a key at the beginning of an option that is none; what follows may be a secret.
fn key_of(set: &str) -> &str {
    let is_of_key = |c: char| c.is_alphanumeric() || "._-".contains(c);
    set.split(|c| !is_of_key(c)).next().unwrap_or_default()
}

/// Reads what a program sets: dotted keys with values that have their type already.
pub(crate) fn read_given(given: &[(String, serde_json::Value)]) -> Result<Table, ConfigError> {
    let mut tree = Table::new();
    for (key, value) in given {
        let path = path_of(key).ok_or_else(|| ConfigError::BadSet { text: key.clone() })?;
        let origin = Origin { layer: Layer::Set, place: OriginPlace::Program(Arc::from(key.as_str())) };
        lay_over(&mut tree, at(&path, Node::new(from_json(value.clone(), &origin), origin)));
    }
    Ok(tree)
}

/// The tables that lead to a node.
fn at(path: &[String], mut node: Node) -> Table {
    let origin = node.origin.clone();
    for key in path.iter().skip(1).rev() {
        let table = Table::from_iter([(key.clone(), node)]);
        node = Node::new(Value::Table(table), origin.clone());
    }
    Table::from_iter([(path[0].clone(), node)])
}

/// Text in quotes, as it would be written in the file. The shell has taken its own quotes off already.
fn quoted(text: &str, origin: &Origin) -> Option<Value> {
    let text = text.trim();
    text.starts_with(['"', '\'']).then(|| toml_layer::read_value(text, origin)).flatten()
}

/// Text without a type. What looks like a list or a table is read as JSON, else as TOML.
pub(crate) fn loose(text: &str, origin: &Origin) -> Value {
    let structured = text.trim_start().starts_with(['[', '{']);
    let read = || {
        let json = serde_json::from_str(text).ok().map(|value| from_json(value, origin));
        json.or_else(|| toml_layer::read_value(text.trim(), origin))
    };
    Value::Loose(text.to_owned(), structured.then(read).flatten().map(Box::new))
}

pub(crate) fn from_json(value: serde_json::Value, origin: &Origin) -> Value {
    let node = |value| Node::new(from_json(value, origin), origin.clone());
    match value {
        // TOML has no null either: an empty text stands for it.
        serde_json::Value::Null => Value::Text(String::new()),
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(node).collect()),
        serde_json::Value::Object(entries) => {
            Value::Table(entries.into_iter().map(|(key, value)| (key, node(value))).collect())
        }
    }
}

/// Splits a dotted key as TOML does, so that `sources.shop."my orders".path` works.
fn path_of(key: &str) -> Option<Vec<String>> {
    let document: toml::Table = toml::from_str(&format!("{key} = 0")).ok()?;
    let mut path = Vec::new();
    let mut table = &document;
    loop {
        let (key, value) = table.iter().next()?;
        path.push(key.clone());
        match value {
            toml::Value::Table(below) => table = below,
            _ => return (table.len() == 1).then_some(path),
        }
    }
}
