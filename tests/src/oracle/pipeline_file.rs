//! Writes the `pipeline.toml` of one run of a case.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::case::Case;
use super::origin::Origin;
use super::place::Place;
use super::python_text::{quoted, scalar};

/// The text of the file for `run`.
pub(crate) fn pipeline_file(case: &Case, run: &Value, place: &Place, origin: Option<&Origin>) -> String {
    let mut settings = overlaid(&case.document["settings"], &run["settings"], false);
    let source = settings.shift_remove("source");
    let schema = settings.shift_remove("schema");
    let mut out = String::from("[pipeline]\nname = \"oracle\"\n");
    line(&mut out, "dataset_name", &Value::from(place.dataset.as_str()));
    line(&mut out, "destination", &Value::from(place.kind()));
    lines(&mut out, run["run"].as_object());
    // An argument of dlt's `run`, which becomes a hint of every table.
    if let Some(format) = settings.shift_remove("loader_file_format") {
        line(&mut out, "loader_file_format", &format);
    }
    settings.retain(|option, _| place.takes(option));
    let _ = write!(out, "\n[destination.{}]\n{}", place.kind(), place.lines());
    lines(&mut out, Some(&settings));
    if let Some(origin) = origin {
        tables_of(&mut out, case, run, origin);
        return out;
    }
    out.push_str("\n[sources.oracle]\ntype = \"files\"\n");
    lines(&mut out, source.as_ref().and_then(Value::as_object));
    if let Some(schema) = schema.as_ref().and_then(Value::as_object) {
        out.push_str("\n[sources.oracle.schema]\n");
        lines(&mut out, Some(schema));
    }
    for resource in case.document["resources"].as_array().into_iter().flatten() {
        resource_lines(&mut out, case, run, resource);
    }
    out
}

/// The source that reads a database. Resources are by their names, bounds of cursors by their types.
fn tables_of(out: &mut String, case: &Case, run: &Value, origin: &Origin) {
    out.push_str("\n[sources.oracle]\ntype = \"sql_database\"\n");
    for (key, value) in origin.keys() {
        line(out, key, &value);
    }
    lines(out, case.document["source"].as_object());
    let resources = overlaid(&case.document["resources"], &run["resources"], true);
    for (name, mut hints) in resources {
        for bound in ["initial_value", "end_value"] {
            let Some(typed) = hints.pointer_mut(&format!("/incremental/{bound}")) else { continue };
            if let Some(value) = typed.as_object().and_then(|typed| typed.values().next()) {
                *typed = value.clone();
            }
        }
        let columns = hints.get_mut("columns").and_then(Value::as_object_mut);
        for hint in columns.into_iter().flat_map(Map::values_mut) {
            hint.as_object_mut().and_then(|hint| hint.shift_remove("name"));
        }
        if matches!(origin, Origin::MariaDb(_)) && name == "changes" {
            // A moment for us, which dlt takes for the reading of a clock (docs/differences.md).
            hints["columns"]["at_zoned"]["timezone"] = false.into();
        }
        out.push_str("\n[[sources.oracle.resources]]\n");
        line(out, "name", &Value::from(name));
        lines(out, hints.as_object());
    }
}

fn resource_lines(out: &mut String, case: &Case, run: &Value, resource: &Value) {
    let name = resource["name"].as_str().unwrap_or_default();
    let Some(data) = run["data"].get(name) else { return };
    let path = match data.as_str() {
        Some(data) => Value::from(case.folder.join(data).to_string_lossy().into_owned()),
        None => Value::Array(Vec::new()),
    };
    out.push_str("\n[[sources.oracle.resources]]\n");
    line(out, "path", &path);
    line(out, "format", &Value::from("jsonl"));
    lines(out, Some(&overlaid(resource, &run["resources"][name], true)));
}

/// `base` with `changes`; `null` removes a key where `removes` says so.
fn overlaid(base: &Value, changes: &Value, removes: bool) -> Map<String, Value> {
    let mut out = base.as_object().cloned().unwrap_or_default();
    for (key, value) in changes.as_object().into_iter().flatten() {
        if removes && value.is_null() {
            out.shift_remove(key);
        } else {
            out.insert(key.clone(), value.clone());
        }
    }
    out
}

fn lines(out: &mut String, entries: Option<&Map<String, Value>>) {
    for (key, value) in entries.into_iter().flatten() {
        line(out, key, value);
    }
}

fn line(out: &mut String, key: &str, value: &Value) {
    writeln!(out, "{key} = {}", toml(value)).expect("writing to a text does not fail");
}

/// A JSON value as a TOML value on one line; TOML has no null, so entries without a value are left out.
fn toml(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text).replace('\u{7f}', "\\u007f"),
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let kept = entries.iter().filter(|(_, value)| !value.is_null());
            let pairs: Vec<String> =
                kept.map(|(key, value)| format!("{} = {}", quoted(key), toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => scalar(other),
    }
}
