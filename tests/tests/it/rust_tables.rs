//! Resources of Rust that write to several tables: the tables that dlt makes of the same
//! (`fixtures/rust/recipe.py`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use cartage::{
    AnyResource, IntoSources, To, WriteDisposition, hints, page_transformer, pages, pipeline, resource, rows,
    source, unmarked, with_hints, with_table_name,
};
use cartage_tests::binaries::workspace;
use serde_json::{Map, Value, json};

const KINDS: [&str; 6] = ["push", "fork", "push", "Issue Opened", "fork", "push"];

fn events(kinds: &[&str]) -> Vec<Value> {
    let event = |(id, kind): (usize, &&str)| json!({"id": id, "type": kind, "labels": [{"name": kind}]});
    kinds.iter().enumerate().map(event).collect()
}

fn kind(row: &Value) -> String {
    row["type"].as_str().unwrap().to_owned()
}

fn dispatch(_: u32) -> AnyResource {
    let events = rows("events", events(&KINDS)).write_disposition(WriteDisposition::Merge).primary_key("id");
    events.table_name_by(kind).into()
}

fn marks(_: u32) -> AnyResource {
    let mixed = resource("mixed", |_| {
        let merged =
            hints().table_name("merged").write_disposition(WriteDisposition::Merge).primary_key("id");
        Ok([
            Ok(unmarked(vec![json!({"id": 1})])),
            Ok(with_table_name(vec![json!({"id": 2})], "other")),
            Ok(with_hints(vec![json!({"id": 3})], merged)),
            Ok(unmarked(vec![json!({"id": 4})])),
            Ok(with_table_name(vec![json!({"id": 5})], "merged")),
        ])
    });
    mixed.column("id", json!({"data_type": "bigint"})).into()
}

fn grows(_: u32) -> AnyResource {
    let grows = resource("grows", |_| {
        Ok([
            Ok(unmarked(vec![json!({"id": 1})])),
            Ok(with_hints(vec![json!({"id": 2})], hints().column("note", json!({"data_type": "text"})))),
            Ok(with_table_name(vec![json!({"id": 3})], "later")),
        ])
    });
    grows.into()
}

fn row_hints(_: u32) -> AnyResource {
    let events = rows("events", events(&KINDS)).hints_by(|row| {
        let disposition =
            if kind(row) == "fork" { WriteDisposition::Replace } else { WriteDisposition::Append };
        hints().table_name(&kind(row)).write_disposition(disposition)
    });
    events.into()
}

fn replaced(run: u32) -> AnyResource {
    let kinds: &[&str] = if run == 1 { &["a", "b", "a"] } else { &["a"] };
    rows("events", events(kinds)).write_disposition(WriteDisposition::Replace).table_name_by(kind).into()
}

fn transformed(_: u32) -> cartage::SourceBuilder {
    let users = pages("users", [vec![json!({"id": 1}), json!({"id": 2})], vec![json!({"id": 3})]]);
    let orders = users
        | page_transformer("orders", |users: Vec<Value>| {
            let of = |user: Value| {
                let id = user["id"].as_i64().unwrap();
                (0..id).map(move |n| json!({"id": id * 10 + n, "user": id}))
            };
            Ok(users.into_iter().flat_map(of).collect::<Vec<_>>())
        });
    let items = orders.clone()
        | page_transformer("items", |orders: Vec<Value>| {
            Ok(orders.iter().map(|order| json!({"order": order["id"]})).collect::<Vec<_>>())
        });
    source("shop").with(orders).with(items)
}

/// Runs a case twice; its tables as the fixture describes them.
fn outcome<S: IntoSources>(schema: &str, make: impl Fn(u32) -> S) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("out.duckdb");
    let pipeline = pipeline("test")
        .folder(folder.path())
        .pipelines_dir(folder.path())
        .destination(To::duckdb(database.to_str().unwrap()))
        .dataset("data")
        .open()
        .unwrap();
    for run in 1..=2 {
        pipeline.run(make(run)).unwrap();
    }
    let document = folder.path().join(format!("test/schemas/{schema}.schema.json"));
    let document: Value = serde_json::from_str(&fs::read_to_string(document).unwrap()).unwrap();
    let database = duckdb::Connection::open(database).unwrap();
    let tables = document["tables"].as_object().unwrap().iter().filter(|(name, _)| !name.starts_with("_dlt"));
    let described = tables.map(|(name, table)| (name.clone(), describe(&database, name, table)));
    Value::Object(described.collect())
}

fn describe(database: &duckdb::Connection, name: &str, table: &Value) -> Value {
    let count = format!("SELECT count(*) FROM data.\"{name}\"");
    let rows: i64 = database.query_row(&count, [], |row| row.get(0)).unwrap();
    let wanted = ["data_type", "primary_key", "nullable"];
    let column = |hints: &Value| -> Value {
        let hints = hints.as_object().unwrap().iter().filter(|(key, _)| wanted.contains(&key.as_str()));
        Value::Object(hints.map(|(key, value)| (key.clone(), value.clone())).collect())
    };
    let columns = table["columns"].as_object().unwrap().iter();
    let columns: Map<String, Value> = columns.map(|(name, hints)| (name.clone(), column(hints))).collect();
    json!({
        "rows": rows,
        "write_disposition": table["write_disposition"],
        "resource": table["resource"],
        "parent": table["parent"],
        "columns": columns,
    })
}

fn fixture() -> Value {
    let path: &Path = &workspace().join("fixtures/rust/tables.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

macro_rules! equals_dlt {
    ($($case:ident in $schema:literal)*) => {$(
        mod $case {
            #[test]
            fn has_the_tables_that_dlt_makes() {
                let found = super::outcome($schema, super::$case);
                let wanted = &super::fixture()[stringify!($case)];
                let text = |value: &serde_json::Value| {
                    // Keys in one order, so that what differs is seen.
                    let sorted: std::collections::BTreeMap<_, _> = value.as_object().unwrap().iter().collect();
                    format!("{sorted:#?}")
                };
                assert_eq!(found, *wanted, "ours:\n{}\ndlt's:\n{}", text(&found), text(wanted));
            }
        }
    )*};
}

equals_dlt! {
    dispatch in "test"
    marks in "test"
    grows in "test"
    row_hints in "test"
    replaced in "test"
    transformed in "shop"
}
