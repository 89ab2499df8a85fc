//! Schema documents: hashes, versions, migrations, refusals.

use cartage_schema::{DataType, NamingKind, Schema, SchemaError};
use serde_json::{Value, json};

use crate::vectors::{Differences, folder, rows};

fn stored() -> Vec<(String, String)> {
    let folder = folder().join("documents");
    let mut documents: Vec<(String, String)> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap()))
        .collect();
    documents.sort();
    documents
}

#[test]
fn documents_that_dlt_stored_have_the_hash_that_dlt_stored() {
    let mut differences = Differences::default();
    for (name, text) in stored() {
        let schema = Schema::from_json(&text).unwrap();
        differences.check(&name, &Some(schema.compute_hash()), &schema.version_hash.clone());
        differences.check(&name, &Schema::is_tampered(&text).unwrap(), &false);
        let again = Schema::from_json(&schema.to_json()).unwrap();
        differences.check(&name, &again, &schema);
        let document: Value = serde_json::from_str(&text).unwrap();
        differences.check(&name, &serde_json::to_value(&schema).unwrap(), &document);
    }
}

#[test]
fn documents_that_dlt_makes_have_the_hash_that_dlt_computes() {
    let mut differences = Differences::default();
    for row in rows("schemas") {
        let schema = Schema::from_value(row[0].clone()).unwrap();
        differences.check(&row[0]["name"], &json!(schema.compute_hash()), &row[1]);
    }
}

#[test]
fn a_new_schema_is_the_one_that_dlt_makes() {
    let made = rows("schemas")
        .into_iter()
        .map(|row| row[0].clone())
        .find(|made| made["tables"].as_object().unwrap().len() == 2);
    let made = made.unwrap();
    let kind: NamingKind = made["normalizers"]["names"].as_str().unwrap().parse().unwrap();
    let mut schema = Schema::new(made["name"].as_str().unwrap(), kind).unwrap();
    assert!(schema.bump());
    assert_eq!(serde_json::to_value(&schema).unwrap(), made);
}

#[test]
fn a_version_goes_up_once_for_each_stored_change() {
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    assert!(schema.bump() && !schema.bump());
    assert_eq!(schema.version, 1);
    let first = schema.version_hash.clone().unwrap();
    schema.description = Some("changed".to_owned());
    assert!(schema.is_modified() && schema.bump());
    assert_eq!((schema.version, schema.previous_hashes.as_slice()), (2, [first].as_slice()));
    for change in 0..20 {
        schema.description = Some(format!("change {change}"));
        schema.bump();
    }
    assert_eq!((schema.version, schema.previous_hashes.len()), (22, 10));
}

#[test]
fn a_document_that_was_changed_by_hand_is_noticed() {
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    schema.bump();
    let mut document = serde_json::to_value(&schema).unwrap();
    document["tables"]["_dlt_loads"]["columns"]["status"]["nullable"] = json!(true);
    assert!(Schema::is_tampered(&document.to_string()).unwrap());
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<Schema, SchemaError> {
    let mut document = serde_json::to_value(Schema::new("shop", NamingKind::SnakeCase).unwrap()).unwrap();
    change(&mut document);
    Schema::from_value(document)
}

#[test]
fn unknown_keys_are_refused_with_their_place_unless_they_are_own_hints() {
    let error =
        changed(|document| document["tables"]["_dlt_loads"]["columns"]["status"]["nullabel"] = json!(true))
            .unwrap_err();
    let message = error.to_string();
    assert!(message.contains("table `_dlt_loads`: column `status`: unknown key `nullabel`"), "{message}");
    assert!(changed(|document| document["tables"]["_dlt_loads"]["colums"] = json!({})).is_err());
    assert!(changed(|document| document["extra"] = json!(1)).is_err());
    let kept = changed(|document| document["tables"]["_dlt_loads"]["x-mine"] = json!({"a": null})).unwrap();
    assert_eq!(kept.tables["_dlt_loads"].other["x-mine"], json!({"a": null}));
}

#[test]
fn explicit_nulls_are_part_of_the_hash() {
    let plain = changed(|_| ()).unwrap();
    let with_null =
        changed(|document| document["tables"]["_dlt_loads"]["columns"]["status"]["precision"] = Value::Null)
            .unwrap();
    assert_ne!(plain.compute_hash(), with_null.compute_hash());
    assert_eq!(Schema::from_json(&with_null.to_json()).unwrap().compute_hash(), with_null.compute_hash());
}

#[test]
fn a_newer_engine_is_refused_with_the_remedy() {
    let error = changed(|document| document["engine_version"] = json!(12)).unwrap_err();
    assert!(matches!(error, SchemaError::NewerEngine { found: 12, known: 11, .. }));
    assert!(error.to_string().contains("newer version"));
}

#[test]
fn a_nested_table_without_parent_is_refused() {
    let error =
        changed(|document| document["tables"]["a"] = json!({"columns": {}, "parent": "b"})).unwrap_err();
    assert!(matches!(error, SchemaError::ParentNotFound { .. }));
}

#[test]
fn an_unknown_naming_convention_is_refused() {
    let error =
        changed(|document| document["normalizers"]["names"] = json!("my_package.naming")).unwrap_err();
    assert!(error.to_string().contains("my_package.naming"), "{error}");
}

#[test]
fn old_documents_become_what_dlt_makes_of_them() {
    let mut differences = Differences::default();
    for row in rows("migrations") {
        let mut schema = Schema::from_value(row[0].clone()).unwrap();
        let hash = schema.compute_hash();
        differences.check(&row[0], &hash, &row[2].as_str().unwrap().to_owned());
        // Old documents had no hash, or an empty one.
        schema.version_hash = row[1]["version_hash"].as_str().map(str::to_owned);
        differences.check(&row[0]["engine_version"], &serde_json::to_value(&schema).unwrap(), &row[1]);
    }
}

#[test]
fn documents_of_the_ninth_engine_get_row_keys_and_json() {
    let schema = changed(|document| {
        document["engine_version"] = json!(9);
        document["tables"]["t"] = json!({"columns": {
            "doc": {"data_type": "complex"},
            "_dlt_id": {"data_type": "text", "unique": true},
            "gone": {"x-normalizer": {"seen-null-first": true}},
        }});
        document["tables"]["t__l"] = json!({"parent": "t", "columns": {
            "_dlt_parent_id": {"data_type": "text", "foreign_key": true},
        }});
        document["settings"]["default_hints"]["foreign_key"] = json!(["_dlt_parent_id"]);
        document["normalizers"]["json"]["config"] = json!({"generate_dlt_id": true});
    })
    .unwrap();
    let table = &schema.tables["t"];
    assert_eq!(table.columns["doc"].data_type, Some(DataType::Json));
    assert_eq!(table.columns["_dlt_id"].row_key, Some(true));
    assert!(!table.columns.contains_key("gone"));
    assert_eq!(schema.tables["t__l"].columns["_dlt_parent_id"].parent_key, Some(true));
    assert_eq!(schema.normalizers.use_break_path_on_normalize, Some(false));
    assert_eq!(schema.engine_version, Schema::ENGINE_VERSION);
    assert_eq!(schema.naming(None).normalize_key("a__b"), "a_b");
}

#[test]
fn documents_of_the_first_engine_become_tables_with_settings() {
    let document = json!({
        "version": 8, "engine_version": 1, "name": "ethereum",
        "tables": {
            "blocks": {"number": {"name": "number", "data_type": "bigint", "nullable": true}},
            "blocks__transactions": {"_dlt_id": {"name": "_dlt_id", "data_type": "text", "nullable": false, "unique": true}},
            "_dlt_version": {}, "_dlt_loads": {},
        },
        "preferred_types": {"^timestamp$": "timestamp"},
        "hints": {"not_null": ["^_dlt_id$"], "foreign_key": ["^_dlt_parent_id$"]},
    });
    let schema = Schema::from_value(document).unwrap();
    assert_eq!(schema.tables["blocks__transactions"].parent.as_deref(), Some("blocks"));
    assert!(schema.tables["blocks__transactions"].has_seen_data());
    assert_eq!(schema.settings.preferred_types.as_ref().unwrap()["re:^timestamp$"], DataType::Timestamp);
    assert_eq!(schema.normalizers.propagation_root(), [("_dlt_id", "_dlt_root_id")]);
    assert_eq!(schema.tables["_dlt_version"].columns.len(), 6);
    assert_eq!(schema.version, 8);
}

#[test]
fn processing_hints_can_be_left_out() {
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    let table = schema.tables.get_mut("_dlt_loads").unwrap();
    assert!(table.set_seen_data() && !table.set_seen_data());
    assert!(!schema.without_processing_hints().tables["_dlt_loads"].has_seen_data());
}
