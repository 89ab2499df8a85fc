//! Files and constraints.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use cartage_destinations_api::{
    Chain, ConnectRequest, Destination, ErrorKind, FollowUp, JobOutcome, MergeStrategy, TablePlan,
};
use cartage_schema::{Column, DataType};
use serde_json::json;

use crate::util::{Fixture, plan, request, settings};
use cartage_destinations_duckdb::{CATALOG, connect};

fn id() -> Column {
    Column::typed("id", DataType::Bigint, true)
}

fn ids(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(values.into_iter().map(Some).collect::<Int64Array>())
}

#[test]
fn paths_with_quotes_and_wildcards_are_read_as_they_are() {
    let fixture = Fixture::new([id()], &json!({}));
    for (number, name) in
        ["it's.parquet", "a*b.parquet", "[x]/q?.parquet", "sp ace/%5B.parquet"].iter().enumerate()
    {
        let path = fixture.parquet(name, vec![("id", ids([number as i64]))]);
        assert_eq!(fixture.load(&path).unwrap(), JobOutcome::Done { rows: 1 }, "{name}");
    }
    // A pattern must not find the files of other jobs.
    fixture.parquet("other.parquet", vec![("id", ids([99]))]);
    let path = fixture.parquet("o*r.parquet", vec![("id", ids([7]))]);
    assert_eq!(fixture.load(&path).unwrap(), JobOutcome::Done { rows: 1 });
    assert_eq!(fixture.rows().len(), 5);
}

#[test]
fn a_duplicate_in_a_unique_column_is_terminal_where_constraints_are_asked_for() {
    let mut code = Column::typed("code", DataType::Text, true);
    code.unique = Some(true);
    let codes = |values: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let fixture = Fixture::new([code.clone()], &json!({"create_indexes": true}));
    fixture.load(&fixture.parquet("1.parquet", vec![("code", codes(vec!["a", "b"]))])).unwrap();
    let error =
        fixture.load(&fixture.parquet("2.parquet", vec![("code", codes(vec!["c", "a"]))])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert_eq!(fixture.rows().len(), 2);

    let without = Fixture::new([code], &json!({}));
    without.load(&without.parquet("1.parquet", vec![("code", codes(vec!["a", "a"]))])).unwrap();
    assert_eq!(without.rows().len(), 2);
}

#[test]
fn a_big_file_is_loaded_whole() {
    let fixture = Fixture::new([id()], &json!({"threads": 2, "memory_limit": "500MB"}));
    let path = fixture.parquet("big.parquet", vec![("id", ids(0..400_000))]);
    assert_eq!(fixture.load(&path).unwrap(), JobOutcome::Done { rows: 400_000 });
    assert_eq!(fixture.duckdb.reader().unwrap().count("items").unwrap(), 400_000);
}

#[test]
fn an_upsert_keeps_the_values_of_columns_that_the_schema_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let file = duckdb::Connection::open(folder.path().join("shop.duckdb")).unwrap();
    file.execute_batch(
        "CREATE SCHEMA data; CREATE TABLE data.items (id BIGINT, name VARCHAR, remark VARCHAR);
         INSERT INTO data.items VALUES (1, 'old', 'mine'), (2, 'old', 'too')",
    )
    .unwrap();
    file.close().unwrap();
    let key = Column { primary_key: Some(true), ..id() };
    let mut plan = plan([key, Column::typed("name", DataType::Text, true)]);
    plan.tables[2] = TablePlan::staged("items");
    plan.chains = vec![Chain::new("items", vec!["items".to_owned()], FollowUp::Merge(MergeStrategy::Upsert))];
    let fixture = Fixture::begin(
        tempfile::tempdir().unwrap(),
        connect(&request(folder.path(), &json!({}))).unwrap(),
        plan,
    );
    let names: ArrayRef = Arc::new(StringArray::from(vec!["new", "new"]));
    fixture.load(&fixture.parquet("1.parquet", vec![("id", ids([2, 3])), ("name", names)])).unwrap();
    fixture
        .duckdb
        .staging()
        .unwrap()
        .open_follow_up(&fixture.plan, &fixture.plan.chains[0])
        .unwrap()
        .run()
        .unwrap();
    let row = |id: &str, name: &str, remark: Option<&str>| {
        vec![Some(id.to_owned()), Some(name.to_owned()), remark.map(str::to_owned)]
    };
    assert_eq!(
        fixture.rows(),
        [row("1", "old", Some("mine")), row("2", "new", Some("too")), row("3", "new", None)]
    );
}

#[test]
fn rows_survive_closing_and_opening_again() {
    let fixture = Fixture::new([id()], &json!({}));
    fixture.load(&fixture.parquet("1.parquet", vec![("id", ids([1, 2]))])).unwrap();
    fixture.commit();
    let Fixture { folder, duckdb, .. } = fixture;
    drop(duckdb);
    let again = connect(&request(folder.path(), &json!({}))).unwrap();
    assert_eq!(again.reader().unwrap().count("items").unwrap(), 2);
}

#[test]
fn asking_for_a_status_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let duckdb = connect(&request(folder.path(), &json!({}))).unwrap();
    duckdb.load_status(&plan([id()]).key).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_no_database_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.duckdb"), "plain text ".repeat(2000)).unwrap();
    let duckdb = connect(&request(folder.path(), &json!({}))).unwrap();
    let error = duckdb.prepare_load(&plan([id()])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert!(error.to_string().contains("shop.duckdb") && error.remedy().is_some(), "{error}");
}

/// DuckDB takes the first part of a name for a database where there is one of that name.
#[test]
fn a_dataset_may_have_the_name_of_the_file_or_of_one_of_the_engines_databases() {
    for (file, dataset) in [
        ("raw.duckdb", "raw"),
        ("main.duckdb", "main"),
        ("memory.duckdb", "memory"),
        ("a.b.duckdb", "a.b"),
        ("x.duckdb", "temp"),
        ("x.duckdb", "system"),
        ("x.duckdb", CATALOG),
        ("say \"it's\".duckdb", "say \"it's\""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let request = ConnectRequest::new("duckdb", "shop", dataset)
            .in_folder(folder.path())
            .with_settings(settings(&json!({"path": file})));
        let duckdb = connect(&request).unwrap();
        for number in [1, 2] {
            let fixture = Fixture::with(connect(&request).unwrap(), [id()]);
            let path = fixture.parquet("1.parquet", vec![("id", ids([number]))]);
            fixture.load(&path).unwrap_or_else(|error| panic!("{dataset} in {file}: {error}"));
            fixture.commit();
            let tables = duckdb.reader().unwrap().tables().unwrap();
            assert_eq!(tables, ["_dlt_loads", "_dlt_version", "items"], "{dataset} in {file}");
        }
        assert_eq!(duckdb.reader().unwrap().count("items").unwrap(), 2, "{dataset} in {file}");
    }
}
