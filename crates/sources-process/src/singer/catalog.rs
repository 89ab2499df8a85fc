//! Catalogs of taps: which streams there are, which are selected, and what is known of them.

use cartage_schema::hints::ResourceHints;
use cartage_source_api::{Resume, RouteScope};
use serde_json::{Map, Value, json};

use crate::described::Described;
use crate::json_schema;

/// A catalog, as a tap or the user wrote it.
pub(super) struct Catalog(Value);

/// A stream of a catalog.
pub(super) struct CatalogStream {
    pub(super) described: Described,
    /// Both names that messages may have for it.
    pub(super) names: [String; 2],
    /// The columns that the catalog knows.
    pub(super) columns: Vec<String>,
    pub(super) keys: Option<Vec<String>>,
    /// Whether the tap reads all of it in each run.
    pub(super) is_full_table: bool,
}

impl Catalog {
    /// Takes a catalog.
    ///
    /// # Errors
    /// If it has no streams.
    pub(super) fn new(document: Value) -> Result<Self, String> {
        match document.get("streams").and_then(Value::as_array) {
            Some(_) => Ok(Self(document)),
            None => Err("it is not a catalog: a catalog is an object with a list `streams`".to_owned()),
        }
    }

    pub(super) fn document(&self) -> &Value {
        &self.0
    }

    fn entries(&self) -> impl Iterator<Item = &Value> {
        self.0.get("streams").and_then(Value::as_array).into_iter().flatten()
    }

    /// The streams, selected as the catalog says; all of them where `all` is set.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(super) fn streams(&self, all: bool) -> Result<Vec<CatalogStream>, String> {
        let mut found: Vec<CatalogStream> = Vec::new();
        for entry in self.entries() {
            let stream = stream_of(entry, all)?;
            if found.iter().any(|other| other.described.name == stream.described.name) {
                return Err(format!("two streams of the catalog are called `{}`", stream.described.name));
            }
            found.push(stream);
        }
        Ok(found)
    }

    /// Selects the streams with these names, with all that is in them, and no others.
    pub(super) fn select(&mut self, names: &[&str]) {
        let entries = self.0.get_mut("streams").and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten() {
            let is_selected = names.contains(&name_of(entry));
            let Some(entry) = entry.as_object_mut() else { continue };
            entry.insert("selected".to_owned(), is_selected.into());
            if let Some(Value::Object(schema)) = entry.get_mut("schema") {
                schema.insert("selected".to_owned(), is_selected.into());
            }
            let metadata = entry.entry("metadata").or_insert_with(|| json!([]));
            let Some(metadata) = metadata.as_array_mut() else { continue };
            let of_stream =
                |item: &Value| item.get("breadcrumb").and_then(Value::as_array).is_some_and(Vec::is_empty);
            if !metadata.iter().any(of_stream) {
                metadata.push(json!({"breadcrumb": [], "metadata": {}}));
            }
            for item in metadata.iter_mut().filter(|item| of_stream(item)) {
                if let Some(Value::Object(of_stream)) = item.get_mut("metadata") {
                    of_stream.insert("selected".to_owned(), is_selected.into());
                }
            }
        }
    }
}

/// The name of a stream's resource.
fn name_of(entry: &Value) -> &str {
    let word = |key: &str| entry.get(key).and_then(Value::as_str).filter(|word| !word.is_empty());
    word("tap_stream_id").or_else(|| word("stream")).unwrap_or_default()
}

fn stream_of(entry: &Value, all: bool) -> Result<CatalogStream, String> {
    let name = name_of(entry).to_owned();
    if name.is_empty() {
        return Err("a stream of the catalog has neither `tap_stream_id` nor `stream`".to_owned());
    }
    let metadata = metadata_of_stream(entry);
    let of = |key: &str| metadata.get(key).or_else(|| entry.get(key));
    let keys =
        of("table-key-properties").or_else(|| of("view-key-properties")).or_else(|| of("key_properties"));
    let keys: Option<Vec<String>> = keys.and_then(|keys| serde_json::from_value(keys.clone()).ok());
    let method = of("replication-method").or_else(|| of("forced-replication-method"));
    let method = method.or_else(|| of("replication_method")).and_then(Value::as_str).unwrap_or_default();
    let is_selected = of("selected").or_else(|| entry.pointer("/schema/selected"));
    let selected = all || is_selected.and_then(Value::as_bool).unwrap_or(false);
    let schema = entry.get("schema").cloned().unwrap_or_default();
    let columns = json_schema::columns_of(&schema);
    let names = [name.clone(), entry.get("stream").and_then(Value::as_str).unwrap_or(&name).to_owned()];
    let known = columns.keys().cloned().collect();
    let hints = hints_of(keys.as_deref(), Some(method), &columns)
        .map_err(|error| format!("stream `{name}` of the catalog: {error}"))?;
    // A stream whose keys come with its first message brings hints with its rows.
    let scope = if keys.is_some() { RouteScope::OwnTable } else { RouteScope::OtherHints };
    let described = Described { name, hints, selected, scope, resume: Resume::NearEachPage };
    Ok(CatalogStream { described, names, columns: known, keys, is_full_table: method == "FULL_TABLE" })
}

fn metadata_of_stream(entry: &Value) -> Map<String, Value> {
    let metadata = entry.get("metadata").and_then(Value::as_array).into_iter().flatten();
    let mut of_stream =
        metadata.filter(|item| item.get("breadcrumb").and_then(Value::as_array).is_some_and(Vec::is_empty));
    of_stream.find_map(|item| item.get("metadata")?.as_object().cloned()).unwrap_or_default()
}

/// What a stream becomes: all of it each time is a table that is replaced; with a key rows are merged; without one they
/// are appended.
pub(super) fn hints_of(
    keys: Option<&[String]>,
    method: Option<&str>,
    columns: &Map<String, Value>,
) -> Result<ResourceHints, serde_json::Error> {
    let keys = keys.unwrap_or_default();
    let disposition = match method {
        Some("FULL_TABLE") => "replace",
        _ if keys.is_empty() => "append",
        _ => "merge",
    };
    let mut hints = json!({"write_disposition": disposition, "columns": columns});
    if !keys.is_empty() {
        hints["primary_key"] = json!(keys);
    }
    serde_json::from_value(hints)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        let streams = json!([
            {"tap_stream_id": "public-orders", "stream": "orders", "schema": {"properties": {"id": {"type": "integer"}}},
             "metadata": [{"breadcrumb": [], "metadata": {"table-key-properties": ["id"], "selected": true}}]},
            {"stream": "log", "replication_method": "FULL_TABLE", "key_properties": []},
            {"stream": "unknown", "schema": {"type": "object"}},
        ]);
        Catalog::new(json!({"streams": streams})).unwrap()
    }

    #[test]
    fn keys_and_methods_become_hints() {
        let streams = catalog().streams(false).unwrap();
        let shown: Vec<_> = streams
            .iter()
            .map(|stream| {
                let hints = serde_json::to_value(&stream.described.hints).unwrap();
                (
                    stream.described.name.as_str(),
                    hints["write_disposition"].clone(),
                    stream.described.selected,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("public-orders", "merge".into(), true),
                ("log", "replace".into(), false),
                ("unknown", "append".into(), false)
            ]
        );
        assert_eq!(streams[0].names, ["public-orders", "orders"]);
        assert_eq!(streams[2].described.scope, RouteScope::OtherHints);
    }

    #[test]
    fn selecting_says_so_wherever_taps_look() {
        let mut catalog = catalog();
        catalog.select(&["log"]);
        let selected: Vec<_> =
            catalog.streams(false).unwrap().iter().map(|stream| stream.described.selected).collect();
        assert_eq!(selected, [false, true, false]);
        assert_eq!(catalog.document()["streams"][0]["metadata"][0]["metadata"]["selected"], false);
        assert_eq!(catalog.document()["streams"][1]["selected"], true);
    }
}
