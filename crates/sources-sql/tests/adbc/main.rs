//! Drivers of ADBC from PyPI: SQLite and PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use cartage_source_api::CursorRange;
use cartage_sources_sql::{SqlResource, SqlSource};
use cartage_test_support::adbc_driver;
use cartage_test_support::postgres::{shared as server, unique};
use serde_json::{Value, json};

use crate::shared::resource;

#[path = "../shared/mod.rs"]
mod shared;

fn source(credentials: &Value, schema: Option<&str>) -> SqlSource {
    let settings = json!({"credentials": credentials, "resolve_foreign_keys": true});
    shared::source(&settings, schema.map(str::to_owned))
}

fn rows_from(mut resource: SqlResource, cursor: Option<CursorRange>) -> Result<Vec<Value>, String> {
    shared::rows_of(&mut resource.reader, cursor).map_err(|error| error.to_string())
}

fn of_postgres(uri: &str) -> Value {
    json!({"drivername": "adbc", "driver": adbc_driver("postgresql"), "uri": uri})
}

#[test]
fn tables_of_postgresql_come_with_their_types_keys_and_references() {
    let (server, schema) = (server(), unique("adbc"));
    server.psql(&format!(
        "CREATE SCHEMA {schema}; SET search_path = {schema};
         CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL);
         CREATE TABLE t (id int PRIMARY KEY, who bigint REFERENCES people, f real, ok bool, day date,
            at timestamptz, naive timestamp, bytes bytea, list int[], word text);
         INSERT INTO people VALUES (9223372036854775807, 'ü');
         INSERT INTO t VALUES (1, 9223372036854775807, 1.1, true, '2024-02-29', '2024-02-29 01:02:03.000004+02',
            '2024-02-29 01:02:03', '\\x00ff', '{{1,NULL}}', ''), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
         CREATE VIEW v AS SELECT 1 AS one"
    ));
    let source = source(&of_postgres(&server.url()), Some(&schema));
    let names: Vec<String> =
        source.resources(Vec::new()).unwrap().into_iter().map(|resource| resource.name).collect();
    assert_eq!(names, ["people", "t"]);
    let table = resource(&source, "t", &json!({}), &json!({})).unwrap();
    let hints = serde_json::to_value(&table.hints).unwrap();
    assert_eq!(hints["primary_key"], json!(["id"]));
    assert_eq!(hints["columns"]["id"]["nullable"], json!(false));
    assert_eq!(hints["references"][0]["referenced_table"], json!("people"));
    let mut rows = rows_from(table, None).unwrap();
    rows.sort_by_key(|row| row["id"].as_i64());
    assert_eq!(
        rows[0],
        json!({"id": 1, "who": 9_223_372_036_854_775_807_i64, "f": 1.1, "ok": true, "day": "2024-02-29",
            "at": "2024-02-28T23:02:03.000004Z", "naive": "2024-02-29T01:02:03", "bytes": "AP8=",
            "list": "[1,null]", "word": ""})
    );
    assert_eq!(rows[1]["who"], Value::Null);
    let ranged = resource(&source, "t", &json!({"incremental": {"cursor_path": "at"}}), &json!({})).unwrap();
    let start = json!("2024-02-28T23:02:03.000004Z");
    let range = CursorRange { initial: Value::Null, start, end: Value::Null };
    assert_eq!(rows_from(ranged, Some(range)).unwrap().len(), 2, "the bound is in, and NULLs are asked for");
    let query = resource(&source, "q", &json!({}), &json!({"query": "select 2 as two"})).unwrap();
    assert_eq!(rows_from(query, None).unwrap(), [json!({"two": 2})]);
    server.psql(&format!("DROP SCHEMA {schema} CASCADE"));
}

#[test]
fn a_file_of_sqlite_is_read_through_its_driver() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.sqlite");
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT NOT NULL, amount REAL, data BLOB);
             INSERT INTO orders VALUES (1, 'a', 1.5, x'00'), (2, 'b', NULL, NULL)",
        )
        .unwrap();
    let credentials =
        json!({"drivername": "adbc", "driver": adbc_driver("sqlite"), "uri": file.to_string_lossy()});
    let source = source(&credentials, None);
    let orders = source.resources(Vec::new()).unwrap().remove(0);
    assert_eq!(orders.name, "orders");
    assert_eq!(serde_json::to_value(&orders.hints).unwrap()["primary_key"], json!(["id"]));
    assert_eq!(
        rows_from(orders, None).unwrap(),
        [
            json!({"id": 1, "note": "a", "amount": 1.5, "data": "AA=="}),
            json!({"id": 2, "note": "b", "amount": null, "data": null})
        ]
    );
}

#[test]
fn what_a_driver_cannot_do_is_told_without_secrets() {
    let message =
        |credentials: &Value| source(credentials, None).resources(Vec::new()).unwrap_err().to_string();
    let missing =
        message(&json!({"drivername": "adbc", "driver": "/nowhere/libx.so", "uri": "x://u:hunter2@h"}));
    assert!(missing.contains("/nowhere/libx.so") && missing.contains("check `driver`"), "{missing}");
    let wrong = server().url().replacen("secret", "hunter2", 1);
    let refused = message(&of_postgres(&wrong));
    assert!(refused.contains("cannot connect") && !refused.contains("hunter2"), "{refused}");
    let table =
        resource(&source(&of_postgres(&server().url()), None), "no_such_table", &json!({}), &json!({}));
    let error = rows_from(table.unwrap(), None).unwrap_err();
    assert!(error.contains("no_such_table") && error.contains("check"), "{error}");
    assert!(!error.contains("secret-"), "{error}");
}
