//! Rows that go to several tables.

use cartage_package_store::Folder;
use cartage_schema::WriteDisposition;
use cartage_sources_rust::{
    Resume, hints, incremental, resource, rows, source, transformer, unmarked, with_hints, with_table_name,
};
use serde_json::{Value, json};

use crate::support::{Pipeline, ids};

fn events() -> Vec<Value> {
    let kinds = ["push", "fork", "push", "Issue Opened", "fork", "push"];
    kinds.iter().enumerate().map(|(id, kind)| json!({"id": id, "type": kind})).collect()
}

fn kind(row: &Value) -> String {
    row["type"].as_str().unwrap().to_owned()
}

#[test]
fn rows_name_their_tables_and_keep_their_order() {
    let mut pipeline = Pipeline::new();
    let report = pipeline.extract(rows("events", events()).primary_key("id").table_name_by(kind)).unwrap();
    let tables: Vec<(&str, u64)> =
        report.tables.iter().map(|(table, rows)| (table.as_str(), *rows)).collect();
    assert_eq!(tables, [("push", 3), ("fork", 2), ("issue_opened", 1)]);
    assert_eq!(ids(&pipeline.rows("push")), [0, 2, 5]);
    for (table, _) in tables {
        assert_eq!(pipeline.schema.tables[table].primary_key(), ["id"]);
        assert_eq!(pipeline.schema.tables[table].resource.as_deref(), Some("events"));
    }
    assert!(!pipeline.schema.tables.contains_key("events"));
}

#[test]
fn marked_rows_go_to_variants_with_hints_of_their_own() {
    let mixed = resource("mixed", |_| {
        Ok([
            Ok(unmarked(vec![json!({"id": 1})])),
            Ok(with_table_name(vec![json!({"id": 2})], "other")),
            Ok(with_hints(
                vec![json!({"id": 3})],
                hints().table_name("merged").write_disposition(WriteDisposition::Merge).primary_key("id"),
            )
            .and(unmarked(vec![json!({"id": 4})]))),
            // The variant is remembered.
            Ok(with_table_name(vec![json!({"id": 5})], "merged")),
        ])
    });
    let mut pipeline = Pipeline::new();
    pipeline.extract(mixed.column("id", json!({"data_type": "bigint"}))).unwrap();
    let table = |name: &str| &pipeline.schema.tables[name];
    assert_eq!(ids(&pipeline.rows("mixed")), [1, 4]);
    assert_eq!(ids(&pipeline.rows("merged")), [3, 5]);
    assert_eq!(table("mixed").write_disposition, Some(WriteDisposition::Append));
    assert_eq!(table("other").write_disposition, Some(WriteDisposition::Append));
    assert_eq!(table("merged").write_disposition, Some(WriteDisposition::Merge));
    assert_eq!(table("merged").primary_key(), ["id"]);
    // A variant begins with the hints of its resource.
    assert_eq!(table("merged").columns["id"].data_type, Some(cartage_schema::DataType::Bigint));
}

#[test]
fn hints_without_a_table_change_those_of_the_resource() {
    let grows = resource("grows", |_| {
        Ok([
            Ok(unmarked(vec![json!({"id": 1})])),
            Ok(with_hints(vec![json!({"id": 2})], hints().column("note", json!({"data_type": "text"})))),
            Ok(with_table_name(vec![json!({"id": 3})], "later")),
        ])
    });
    let mut pipeline = Pipeline::new();
    pipeline.extract(grows).unwrap();
    assert_eq!(ids(&pipeline.rows("grows")), [1, 2]);
    for table in ["grows", "later"] {
        assert!(pipeline.schema.tables[table].columns.contains_key("note"), "{table}");
    }
}

#[test]
fn each_row_can_say_hints() {
    let events = rows("events", events()).hints_by(|row| {
        let hints = hints().table_name(&kind(row));
        if kind(row) == "fork" { hints.write_disposition(WriteDisposition::Replace) } else { hints }
    });
    let mut pipeline = Pipeline::new();
    pipeline.extract(events).unwrap();
    let disposition = |table: &str| pipeline.schema.tables[table].write_disposition;
    assert_eq!(disposition("push"), Some(WriteDisposition::Append));
    assert_eq!(disposition("fork"), Some(WriteDisposition::Replace));
}

#[test]
fn transformers_and_cursors_work_with_tables_of_rows() {
    let mut pipeline = Pipeline::new();
    let of = || rows("events", events()).incremental(incremental("id").initial_value(2)).table_name_by(kind);
    let names = &of() | transformer("names", |row: Value| Ok(vec![json!({"id": row["id"]})]));
    pipeline.extract_source(source("shop").with(of()).with(names.renamed("names"))).unwrap_err();
    let events = of();
    let names = &events | transformer("names", |row: Value| Ok(vec![json!({"id": row["id"]})]));
    pipeline.extract_source(source("shop").with(events).with(names)).unwrap();
    assert_eq!(ids(&pipeline.rows("push")), [2, 5]);
    // One page for each table, so the children follow that order.
    assert_eq!(ids(&pipeline.rows("names")), [2, 5, 4, 3]);
    assert_eq!(
        pipeline.state.resource_state("shop", "events").unwrap()["incremental"]["id"]["last_value"],
        5
    );
}

#[test]
fn packages_end_where_tables_of_rows_allow_it() {
    let numbered = || {
        resource("events", |run| {
            let state = run.state();
            let first: u64 = state.get("next").unwrap_or(0);
            Ok((first..6).map(move |id| {
                state.set("next", id + 1);
                Ok(vec![json!({"id": id, "type": format!("t{}", id % 2)})])
            }))
        })
        .resumes(Resume::AtEachPage)
    };
    let mut pipeline = Pipeline::with_packages_of(2);
    pipeline.extract(numbered().table_name_by(kind)).unwrap();
    assert_eq!(pipeline.temp.store.list(Folder::Extracted).unwrap().len(), 3);
    assert_eq!(ids(&pipeline.all_rows("t0")), [0, 2, 4]);
    // Hints of pages may say replace or merge: then nothing is published in part.
    let mut pipeline = Pipeline::with_packages_of(2);
    pipeline.extract(numbered().hints_by(|row| hints().table_name(&kind(row)))).unwrap();
    assert_eq!(pipeline.temp.store.list(Folder::Extracted).unwrap().len(), 1);
}

#[test]
fn a_name_that_is_none_is_an_error_that_names_the_resource() {
    let nameless = rows("nameless", [json!({"id": 1})]).table_name_by(|_| " ".to_owned());
    let error = Pipeline::new().extract(nameless).unwrap_err();
    assert!(error.to_string().contains("`nameless`"), "{error}");
}
