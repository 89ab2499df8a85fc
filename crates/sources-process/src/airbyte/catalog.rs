//! Catalogs of connectors: which streams there are, and how they are asked for.

use cartage_schema::hints::ResourceHints;
use cartage_source_api::{Resume, RouteScope};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::described::Described;
use crate::json_schema;

/// A stream as the connector describes it.
#[derive(Clone, Debug)]
pub(super) struct CatalogStream {
    pub(super) described: Described,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) is_incremental: bool,
    /// What the connector said of it, to be told back.
    document: Value,
    cursor_field: Vec<String>,
    primary_key: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    json_schema: Value,
    #[serde(default)]
    supported_sync_modes: Vec<String>,
    #[serde(default)]
    source_defined_cursor: Option<bool>,
    #[serde(default)]
    default_cursor_field: Option<Vec<String>>,
    #[serde(default)]
    source_defined_primary_key: Option<Vec<Vec<String>>>,
}

/// The streams of a catalog. `cursor_fields` names fields that the user wants to be cursors, by stream.
///
/// # Errors
/// What is wrong with the catalog or with a stream.
pub(super) fn streams(
    catalog: &Value,
    cursor_fields: &IndexMap<String, String>,
) -> Result<Vec<CatalogStream>, String> {
    let entries =
        catalog.get("streams").and_then(Value::as_array).ok_or("its catalog has no list `streams`")?;
    let mut found: Vec<CatalogStream> = Vec::new();
    for document in entries {
        let entry: Entry = serde_json::from_value(document.clone())
            .map_err(|error| format!("a stream of its catalog: {error}"))?;
        let stream = stream_of(entry, document.clone(), cursor_fields)?;
        found.push(stream);
    }
    // Streams of one name are told apart by their namespaces.
    for at in 0..found.len() {
        let is_twice = found.iter().filter(|other| other.name == found[at].name).count() > 1;
        if let Some(namespace) = found[at].namespace.clone().filter(|_| is_twice) {
            found[at].described.name = format!("{namespace}.{}", found[at].name);
        }
    }
    Ok(found)
}

fn stream_of(
    entry: Entry,
    document: Value,
    cursor_fields: &IndexMap<String, String>,
) -> Result<CatalogStream, String> {
    let Entry { name, namespace, .. } = entry;
    let cursor_field = match cursor_fields.get(&name) {
        Some(field) => vec![field.clone()],
        None => entry.default_cursor_field.unwrap_or_default(),
    };
    let can_be_incremental = entry.supported_sync_modes.iter().any(|mode| mode == "incremental");
    let has_cursor = entry.source_defined_cursor == Some(true) || !cursor_field.is_empty();
    let is_incremental = can_be_incremental && has_cursor;
    let primary_key = entry.source_defined_primary_key.unwrap_or_default();
    let mut hints = json!({
        "write_disposition": match (is_incremental, primary_key.is_empty()) {
            (false, _) => "replace",
            (true, true) => "append",
            (true, false) => "merge",
        },
        "columns": json_schema::columns_of(&entry.json_schema),
    });
    if !primary_key.is_empty() {
        hints["primary_key"] = primary_key.iter().map(|path| path.join("__")).collect();
    }
    let hints: ResourceHints =
        serde_json::from_value(hints).map_err(|error| format!("stream `{name}` of its catalog: {error}"))?;
    let resume = if is_incremental { Resume::NearEachPage } else { Resume::Never };
    let described =
        Described { name: name.clone(), hints, selected: true, scope: RouteScope::OwnTable, resume };
    Ok(CatalogStream { described, name, namespace, is_incremental, document, cursor_field, primary_key })
}

impl CatalogStream {
    /// How the stream is asked for.
    pub(super) fn configured(&self) -> Value {
        let (mode, destination) = match (self.is_incremental, self.primary_key.is_empty()) {
            (false, _) => ("full_refresh", "overwrite"),
            (true, true) => ("incremental", "append"),
            (true, false) => ("incremental", "append_dedup"),
        };
        json!({
            "stream": self.document,
            "sync_mode": mode,
            "destination_sync_mode": destination,
            "cursor_field": self.cursor_field,
            "primary_key": self.primary_key,
            "generation_id": 0,
            "minimum_generation_id": 0,
            "sync_id": 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sync_modes_and_keys_become_hints() {
        let catalog = json!({"streams": [
            {"name": "users", "json_schema": {"properties": {"id": {"type": "integer"}}},
             "supported_sync_modes": ["full_refresh", "incremental"], "source_defined_cursor": true,
             "default_cursor_field": ["updated_at"], "source_defined_primary_key": [["id"]]},
            {"name": "products", "supported_sync_modes": ["full_refresh"], "source_defined_primary_key": [["a", "b"]]},
            {"name": "log", "supported_sync_modes": ["full_refresh", "incremental"]},
        ]});
        let cursors = [("log".to_owned(), "at".to_owned())].into_iter().collect();
        let streams = streams(&catalog, &cursors).unwrap();
        let shown: Vec<_> = streams
            .iter()
            .map(|stream| {
                let hints = serde_json::to_value(&stream.described.hints).unwrap();
                (
                    hints["write_disposition"].clone(),
                    hints["primary_key"].clone(),
                    stream.configured()["sync_mode"].clone(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("merge".into(), json!(["id"]), "incremental".into()),
                ("replace".into(), json!(["a__b"]), "full_refresh".into()),
                ("append".into(), Value::Null, "incremental".into()),
            ]
        );
    }

    #[test]
    fn streams_of_one_name_are_told_apart_by_their_namespaces() {
        let catalog = json!({"streams": [{"name": "t", "namespace": "a"}, {"name": "t", "namespace": "b"}, {"name": "u", "namespace": "a"}]});
        let streams = streams(&catalog, &IndexMap::new()).unwrap();
        let names: Vec<&str> = streams.iter().map(|stream| stream.described.name.as_str()).collect();
        assert_eq!(names, ["a.t", "b.t", "u"]);
    }
}
