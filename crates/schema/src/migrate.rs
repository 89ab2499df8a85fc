//! Bringing documents of older engines to the current form.
//!
//! Each step takes a document from one engine version to the next. The first three rebuild it from the time
//! when a schema was little more than columns by table.

use serde_json::{Map, Value, json};

use crate::error::SchemaError;
use crate::naming::{Naming, NamingKind};
use crate::schema::Schema;
use crate::settings::RELATIONAL;
use crate::system_tables;

type Document = Map<String, Value>;

/// Brings a document to the current engine version.
pub(crate) fn migrate(mut document: Document) -> Result<Document, SchemaError> {
    let found = document.get("engine_version").and_then(Value::as_u64).filter(|engine| *engine > 0);
    let found = found.ok_or_else(|| SchemaError::Invalid {
        path: "`engine_version`".to_owned(),
        reason: "must be a positive number".to_owned(),
    })?;
    if found > u64::from(Schema::ENGINE_VERSION) {
        let schema = document.get("name").and_then(Value::as_str).unwrap_or("?").to_owned();
        return Err(SchemaError::NewerEngine { schema, found, known: Schema::ENGINE_VERSION });
    }
    for engine in found..u64::from(Schema::ENGINE_VERSION) {
        match engine {
            1 => filters_added(&mut document),
            2 => settings_moved(&mut document)?,
            3 => drop(document.entry("version_hash").or_insert_with(|| json!(""))),
            4 => replace_system_tables(&mut document, &[system_tables::version(), system_tables::loads()]),
            5 => replace_system_tables(&mut document, &[system_tables::loads()]),
            6 => seals_removed(&mut document),
            7 => drop(document.insert("previous_hashes".to_owned(), json!([]))),
            8 => seen_data_noted(&mut document),
            9 => keys_replaced(&mut document),
            _ => drop(
                object(&mut document, "normalizers")
                    .insert("use_break_path_on_normalize".to_owned(), json!(false)),
            ),
        }
    }
    document.insert("engine_version".to_owned(), json!(Schema::ENGINE_VERSION));
    remove_seen_null_first(&mut document);
    Ok(document)
}

fn object<'a>(map: &'a mut Document, key: &str) -> &'a mut Document {
    let slot = map.entry(key).or_insert_with(|| json!({}));
    if !slot.is_object() {
        *slot = json!({});
    }
    slot.as_object_mut().expect("just made an object")
}

/// Applies `change` to every table that is an object. Others are refused later, with their name.
fn for_tables(document: &mut Document, mut change: impl FnMut(&mut Document)) {
    let tables = document.get_mut("tables").and_then(Value::as_object_mut);
    tables
        .into_iter()
        .flat_map(|tables| tables.values_mut())
        .filter_map(Value::as_object_mut)
        .for_each(&mut change);
}

fn for_columns(table: &mut Document, mut change: impl FnMut(&mut Document)) {
    let columns = table.get_mut("columns").and_then(Value::as_object_mut);
    columns
        .into_iter()
        .flat_map(|columns| columns.values_mut())
        .filter_map(Value::as_object_mut)
        .for_each(&mut change);
}

fn filters_added(document: &mut Document) {
    document.insert("includes".to_owned(), json!([]));
    document.insert("excludes".to_owned(), json!([]));
}

/// Hints and types move into settings and become patterns, tables get their own objects, filters move to
/// the tables that they are about.
fn settings_moved(document: &mut Document) -> Result<(), SchemaError> {
    document.insert(
        "normalizers".to_owned(),
        json!({
            "names": "snake_case",
            "json": {"module": RELATIONAL, "config": {"propagation": {"root": {"_dlt_id": "_dlt_root_id"}}}},
        }),
    );
    let hints = taken_object(document, "hints")?;
    let hints: Document = hints
        .into_iter()
        .map(|(hint, patterns)| {
            let patterns = patterns.as_array().into_iter().flatten().filter_map(Value::as_str);
            (hint, patterns.map(|pattern| json!(format!("re:{pattern}"))).collect())
        })
        .collect();
    let types = taken_object(document, "preferred_types")?;
    let types: Document = types.into_iter().map(|(pattern, kind)| (format!("re:{pattern}"), kind)).collect();
    document.insert("settings".to_owned(), json!({"default_hints": hints, "preferred_types": types}));
    let old = taken_object(document, "tables")?;
    let mut tables = Document::new();
    for (name, columns) in &old {
        let mut table = new_table(name, parent_of(name, &old));
        table.insert("columns".to_owned(), columns.clone());
        tables.insert(name.clone(), Value::Object(table));
    }
    for group in ["excludes", "includes"] {
        let filters = document.shift_remove(group).unwrap_or_default();
        for filter in filters.as_array().into_iter().flatten().filter_map(Value::as_str) {
            // Filters were paths from the root table: `^root__path`.
            let (root, path) = filter.split_once("__").unwrap_or((filter, ""));
            let root = root.strip_prefix('^').unwrap_or(root);
            let table = tables.entry(root).or_insert_with(|| Value::Object(new_table(root, None)));
            let Some(table) = table.as_object_mut() else { continue };
            let list = object(table, "filters").entry(group).or_insert_with(|| json!([]));
            list.as_array_mut().into_iter().for_each(|list| list.push(json!(format!("re:^{path}"))));
        }
    }
    document.insert("tables".to_owned(), Value::Object(tables));
    Ok(())
}

fn taken_object(document: &mut Document, key: &str) -> Result<Document, SchemaError> {
    match document.shift_remove(key) {
        None => Ok(Document::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => {
            Err(SchemaError::Invalid { path: format!("`{key}`"), reason: "must be an object".to_owned() })
        }
    }
}

fn new_table(name: &str, parent: Option<&str>) -> Document {
    let table = match parent {
        Some(parent) => json!({"name": name, "columns": {}, "parent": parent}),
        None => json!({"name": name, "columns": {}, "write_disposition": "append", "resource": name}),
    };
    let Value::Object(table) = table else { unreachable!("made as an object") };
    table
}

/// The longest prefix of a name, cut at `__`, that is a table itself.
fn parent_of<'a>(name: &'a str, tables: &Document) -> Option<&'a str> {
    let mut parent = name;
    while let Some((shorter, _)) = parent.rsplit_once("__").filter(|(shorter, _)| !shorter.is_empty()) {
        parent = shorter;
        if tables.contains_key(parent) {
            return Some(parent);
        }
    }
    None
}

fn replace_system_tables(document: &mut Document, tables: &[crate::table::Table]) {
    let known = object(document, "tables");
    for table in tables {
        let value = serde_json::to_value(table).expect("a table is representable as JSON");
        known.insert(table.name.clone(), value);
    }
}

fn seals_removed(document: &mut Document) {
    object(document, "settings").shift_remove("schema_sealed");
    for_tables(document, |table| drop(table.shift_remove("table_sealed")));
}

fn seen_data_noted(document: &mut Document) {
    for_tables(document, |table| {
        if table.get("columns").is_some_and(|columns| columns.get("_dlt_id").is_some()) {
            object(table, "x-normalizer").insert("seen-data".to_owned(), json!(true));
        }
    });
}

/// `complex` becomes `json`, and foreign keys become row and parent keys.
fn keys_replaced(document: &mut Document) {
    let names = document.get("normalizers").and_then(|normalizers| normalizers.get("names")?.as_str());
    let kind = names.and_then(|names| names.parse().ok()).unwrap_or(NamingKind::SnakeCase);
    let naming = Naming::new(kind, None);
    let (row_id, parent_id) =
        (naming.normalize_identifier("_dlt_id"), naming.normalize_identifier("_dlt_parent_id"));
    for_tables(document, |table| {
        for_columns(table, |column| {
            if column.get("data_type") == Some(&json!("complex")) {
                column.insert("data_type".to_owned(), json!("json"));
            }
        });
        for (name, from, to) in [(&row_id, "unique", "row_key"), (&parent_id, "foreign_key", "parent_key")] {
            let column = table.get_mut("columns").and_then(|columns| columns.get_mut(name)?.as_object_mut());
            if let Some(column) = column {
                let is_key = column.get(from).cloned().unwrap_or(json!(false));
                column.insert(to.to_owned(), is_key);
            }
        }
        for_columns(table, |column| drop(column.shift_remove("foreign_key")));
    });
    let settings = object(document, "settings");
    if let Some(Value::Object(types)) = settings.get_mut("preferred_types") {
        for kind in types.values_mut().filter(|kind| **kind == json!("complex")) {
            *kind = json!("json");
        }
    }
    if let Some(Value::Object(hints)) = settings.get_mut("default_hints")
        && !hints.is_empty()
    {
        hints.shift_remove("foreign_key");
        hints.insert("row_key".to_owned(), json!([row_id]));
        hints.insert("parent_key".to_owned(), json!([parent_id]));
    }
    let config = document.get_mut("normalizers").and_then(|all| all.get_mut("json")?.get_mut("config"));
    if let Some(Value::Object(config)) = config {
        config.shift_remove("generate_dlt_id");
    }
}

/// Columns that had only nulls were once kept in the schema. They are gone: the ones without a type are
/// removed, the others lose the mark.
fn remove_seen_null_first(document: &mut Document) {
    for_tables(document, |table| {
        let Some(Value::Object(columns)) = table.get_mut("columns") else { return };
        columns.retain(|_, column| {
            let mark = column.get("x-normalizer").and_then(|hints| hints.get("seen-null-first"));
            let is_marked = mark.is_some_and(|mark| mark != &json!(false) && !mark.is_null());
            !is_marked || column.get("data_type").is_some()
        });
        for_columns(table, |column| {
            let Some(Value::Object(hints)) = column.get_mut("x-normalizer") else { return };
            if hints.shift_remove("seen-null-first").is_some() && hints.is_empty() {
                column.shift_remove("x-normalizer");
            }
        });
    });
}
