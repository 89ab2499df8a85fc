//! What other people have in the database.

use cartage_destinations_api::{Destination, ErrorKind};
use cartage_destinations_duckdb::connect;
use cartage_schema::{Column, DataType};
use duckdb::Connection;
use serde_json::json;

use crate::util::{Fixture, plan, request};

fn id() -> Column {
    Column::typed("id", DataType::Bigint, true)
}

#[test]
fn a_staging_dataset_with_foreign_tables_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.duckdb");
    let duckdb = connect(&request(folder.path(), &json!({"path": "shop.duckdb"}))).unwrap();
    let staging = "data_staging";
    Connection::open(&file)
        .unwrap()
        .execute_batch(&format!("CREATE SCHEMA {staging}; CREATE TABLE {staging}.theirs AS SELECT 7 AS id"))
        .unwrap();
    let load = Fixture::begin(tempfile::tempdir().unwrap(), duckdb, plan([id()]));
    load.commit();
    drop(load);
    let database = Connection::open(&file).unwrap();
    let kept: i64 =
        database.query_row(&format!("SELECT id FROM {staging}.theirs"), [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 7);
}

#[test]
fn a_view_in_the_place_of_a_table_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.duckdb");
    Connection::open(&file)
        .unwrap()
        .execute_batch("CREATE SCHEMA data; CREATE VIEW data.items AS SELECT 1 AS id")
        .unwrap();
    let duckdb = connect(&request(folder.path(), &json!({"path": "shop.duckdb"}))).unwrap();
    let error = duckdb.prepare_load(&plan([id()])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal);
    assert!(error.to_string().contains("data.items"), "{error}");
    drop(duckdb);
    let views: i64 = Connection::open(&file)
        .unwrap()
        .query_row("SELECT count(*) FROM shop.data.items", [], |row| row.get(0))
        .unwrap();
    assert_eq!(views, 1, "the view is as it was");
}
