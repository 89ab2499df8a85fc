//! A DuckDB file as a source.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::path::Path;

use cartage_config::Section;
use cartage_source_api::CursorRange;
use cartage_sources_sql::{SqlError, SqlResource, SqlSource};
use duckdb::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shared::resource;

#[path = "../shared/mod.rs"]
mod shared;

/// A folder with `shop.duckdb`.
struct Shop {
    folder: TempDir,
}

impl Shop {
    fn with(sql: &str) -> Self {
        let shop = Self { folder: tempfile::tempdir().unwrap() };
        Connection::open(shop.folder.path().join("shop.duckdb")).unwrap().execute_batch(sql).unwrap();
        shop
    }

    fn source(&self, keys: &Value) -> SqlSource {
        source(&self.folder.path().join("shop.duckdb"), keys)
    }

    fn resource(&self, name: &str, hints: &Value, keys: &Value) -> Result<SqlResource, SqlError> {
        resource(&self.source(&json!({})), name, hints, keys)
    }

    fn rows(&self, name: &str, hints: &Value, keys: &Value) -> Result<Vec<Value>, String> {
        rows_from(self.resource(name, hints, keys).unwrap(), None)
    }
}

fn source(file: &Path, keys: &Value) -> SqlSource {
    let mut settings = json!({"credentials": format!("duckdb:///{}", file.display())});
    settings.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    shared::source(&settings, None)
}

fn rows_from(mut resource: SqlResource, cursor: Option<CursorRange>) -> Result<Vec<Value>, String> {
    shared::rows_of(&mut resource.reader, cursor).map_err(|error| error.to_string())
}

#[test]
fn values_of_every_type_are_kept() {
    let shop = Shop::with(
        "CREATE TYPE mood AS ENUM ('a', 'b');
         CREATE TABLE t AS SELECT true AS b, (-128)::TINYINT AS i8, 4294967295::UINTEGER AS u32,
           18446744073709551615::UBIGINT AS u64, 99999999999999999999999999999999999999::HUGEINT AS huge,
           1.1::FLOAT AS f, 'inf'::DOUBLE AS inf, 12.345::DECIMAL(18,3) AS d, 'ü' AS text, ''::BLOB AS empty,
           'a\\x00'::BLOB AS blob, DATE '0001-01-01' AS date, TIME '23:59:59.999999' AS time,
           TIMESTAMP '2024-02-29 01:02:03.000004' AS ts, TIMESTAMPTZ '2024-02-29 01:02:03+02' AS tz,
           TIMESTAMP_NS '2024-02-29 01:02:03.000004' AS ns, INTERVAL 25 HOUR AS iv,
           'b'::mood AS mood, '6f7c6d0a-0000-4000-8000-000000000001'::UUID AS id,
           [1.50::DECIMAL(9,2), NULL] AS list, {'a': 1, 'b': [DATE '2024-01-01']} AS struct, MAP {'k': 2} AS map,
           '{\"n\": 12345678901234567890}'::JSON AS json, NULL::INTEGER AS nothing, '101'::BIT AS bits",
    );
    let rows = shop.rows("t", &json!({}), &json!({})).unwrap();
    assert_eq!(
        rows,
        [json!({
            "b": true, "i8": -128, "u32": 4_294_967_295_u32, "u64": 18_446_744_073_709_551_615_u64,
            "huge": "99999999999999999999999999999999999999", "f": 1.1, "inf": null, "d": "12.345", "text": "ü",
            "empty": "", "blob": "YQA=", "date": "0001-01-01", "time": "23:59:59.999999",
            "ts": "2024-02-29T01:02:03.000004", "tz": "2024-02-28T23:02:03Z", "ns": "2024-02-29T01:02:03.000004",
            "iv": "25:00:00", "mood": "b", "id": "6f7c6d0a-0000-4000-8000-000000000001",
            "list": "[1.5,null]", "struct": "{\"a\":1,\"b\":[\"2024-01-01\"]}", "map": "{\"k\":2}",
            "json": "{\"n\": 12345678901234567890}", "nothing": null, "bits": "101"
        })]
    );
}

#[test]
fn a_value_that_its_column_does_not_hold_is_told_and_can_be_read_as_text() {
    let shop = Shop::with(
        "CREATE TABLE infinite AS SELECT 'infinity'::TIMESTAMP AS at;
         CREATE TABLE fine AS SELECT TIMESTAMP_NS '2024-01-01 00:00:00.000000001' AS at;
         CREATE TABLE late AS SELECT TIME '24:00:00' AS at",
    );
    for (table, reason, text) in [
        ("infinite", "a timestamp is infinite", "infinity"),
        ("fine", "nanoseconds", "2024-01-01 00:00:00.000000001"),
        ("late", "24:00", "24:00:00"),
    ] {
        let error = shop.rows(table, &json!({}), &json!({})).unwrap_err();
        assert!(error.contains(reason) && error.contains("data_type = \"text\""), "{error}");
        assert!(error.contains(&format!("table `{table}`")), "{error}");
        let hints = json!({"columns": {"at": {"data_type": "text"}}});
        assert_eq!(shop.rows(table, &hints, &json!({})).unwrap(), [json!({"at": text})]);
    }
}

#[test]
fn tables_views_keys_and_references_are_reflected() {
    let shop = Shop::with(
        "CREATE TABLE people (a INTEGER, b VARCHAR NOT NULL, PRIMARY KEY (b, a));
         CREATE TABLE pets (id INTEGER PRIMARY KEY, x INTEGER, y VARCHAR, FOREIGN KEY (y, x) REFERENCES people (b, a));
         CREATE VIEW v AS SELECT 1 AS one; CREATE SCHEMA other; CREATE TABLE other.hidden (a INTEGER)",
    );
    let names = |keys: Value| {
        let resources = shop.source(&keys).resources(Vec::new()).unwrap();
        resources.into_iter().map(|resource| resource.name).collect::<Vec<_>>()
    };
    assert_eq!(names(json!({})), ["people", "pets"]);
    assert_eq!(names(json!({"include_views": true})), ["people", "pets", "v"]);
    let source = shop.source(&json!({"resolve_foreign_keys": true}));
    let resources = source.resources(Vec::new()).unwrap();
    let hints: Vec<Value> =
        resources.iter().map(|resource| serde_json::to_value(&resource.hints).unwrap()).collect();
    assert_eq!(hints[0]["primary_key"], json!(["b", "a"]));
    assert_eq!(hints[0]["columns"]["b"]["nullable"], json!(false));
    assert_eq!(hints[1]["references"][0]["referenced_columns"], json!(["b", "a"]));
    assert_eq!(
        rows_from(shop.resource("v", &json!({}), &json!({})).unwrap(), None).unwrap(),
        [json!({"one": 1})]
    );
}

#[test]
fn a_cursor_is_a_condition_and_a_query_takes_its_bounds() {
    let shop = Shop::with(
        "CREATE TABLE t AS SELECT i AS id, (TIMESTAMP '2024-01-01 00:00:00' + INTERVAL (i) HOUR)::TIMESTAMPTZ AS at
         FROM range(100000) r(i)",
    );
    let range = |start: Value, end: Value| Some(CursorRange { initial: Value::Null, start, end });
    let hints = json!({"incremental": {"cursor_path": "id"}});
    let resource = shop.resource("t", &hints, &json!({})).unwrap();
    assert_eq!(rows_from(resource, range(json!(99_990), Value::Null)).unwrap().len(), 10);
    let hints = json!({"incremental": {"cursor_path": "at"}});
    let resource = shop.resource("t", &hints, &json!({})).unwrap();
    let rows =
        rows_from(resource, range(json!("2024-01-01T02:00:00Z"), json!("2024-01-01T04:00:00Z"))).unwrap();
    assert_eq!(rows.len(), 3);
    let keys = json!({"query": "select \"at\" from t where \"at\" >= $start limit 1"});
    let resource = shop.resource("q", &hints, &keys).unwrap();
    let rows = rows_from(resource, range(json!("2024-01-02T00:00:00Z"), Value::Null)).unwrap();
    assert_eq!(rows, [json!({"at": "2024-01-02T00:00:00Z"})]);
}

#[test]
fn what_is_missing_is_told_with_the_remedy() {
    let shop = Shop::with("CREATE TABLE t AS SELECT 1 AS a");
    let error = shop.rows("nothing", &json!({}), &json!({})).unwrap_err();
    assert!(error.contains("no table or view `nothing`"), "{error}");
    let error = shop.rows("t", &json!({}), &json!({"where": "b = 1"})).unwrap_err();
    assert!(error.contains("check the names of columns"), "{error}");
    let error = shop.rows("t", &json!({}), &json!({"query": "selec 1"})).unwrap_err();
    assert!(error.contains("check the SQL"), "{error}");
    let missing = source(&shop.folder.path().join("other.duckdb"), &json!({}));
    let error = missing.resources(Vec::new()).unwrap_err().to_string();
    assert!(error.contains("there is no file") && error.contains("other.duckdb"), "{error}");
    assert!(!shop.folder.path().join("other.duckdb").exists());
    for credentials in ["duckdb://x.duckdb", "duckdb:///x.duckdb?acces_mode=read", "duckdb:///:memory:"] {
        let settings = json!({"credentials": credentials});
        let section = Section::new(settings.as_object().unwrap().clone()).named("sources.shop");
        assert!(SqlSource::read("shop", &section, None).is_err(), "{credentials}");
    }
    let other = shop.folder.path().join("no.duckdb");
    std::fs::write(&other, "no database").unwrap();
    let error = source(&other, &json!({})).resources(Vec::new()).unwrap_err().to_string();
    assert!(error.contains("DuckDB file"), "{error}");
}
