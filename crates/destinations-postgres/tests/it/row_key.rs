//! The unique constraint on row ids comes when the rows are there, also in a load that takes over.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use cartage_destinations_api::{Destination, ErrorKind, LoadCommit};
use cartage_schema::{Column, DataType};
use serde_json::json;

use crate::util::{Dataset, Fixture, connect, items_load};

fn row_id() -> Column {
    let column = Column::typed("_dlt_id", DataType::Text, false);
    Column { unique: Some(true), row_key: Some(true), ..column }
}

fn ids(ids: &[&str]) -> Vec<(&'static str, ArrayRef)> {
    vec![("_dlt_id", Arc::new(StringArray::from(ids.to_vec())))]
}

/// How many unique constraints the table has.
fn constraints(dataset: &Dataset) -> String {
    let sql = format!(
        "SELECT count(*) FROM pg_constraint WHERE contype = 'u' AND conrelid = '{}.items'::regclass",
        dataset.name
    );
    dataset.server.psql(&sql)
}

#[test]
fn row_ids_of_a_table_that_a_load_makes_are_unique_once_it_is_complete() {
    let fixture = items_load([row_id()], &json!({}));
    fixture.load(&fixture.parquet("a.parquet", ids(&["a", "b"]))).unwrap();
    assert_eq!(constraints(&fixture.dataset), "0");
    fixture.commit();
    assert_eq!(constraints(&fixture.dataset), "1");
    fixture.commit();
    assert_eq!(constraints(&fixture.dataset), "1", "a repeated commit changes nothing");

    let mut second = fixture.plan.clone();
    second.key.load_id = "1700000001.5".to_owned();
    let prepared = fixture.destination.prepare_load(&second).unwrap();
    assert_eq!(prepared.created, [""; 0]);
    fixture.destination.complete_load(&LoadCommit::of(&second, 6)).unwrap();
    assert_eq!(constraints(&fixture.dataset), "1");
}

#[test]
fn a_load_that_takes_over_adds_the_constraint_of_a_table_that_the_other_one_made() {
    let fixture = items_load([row_id()], &json!({}));
    fixture.load(&fixture.parquet("a.parquet", ids(&["a", "b"]))).unwrap();
    let Fixture { destination: postgres, plan, dataset, .. } = fixture;
    drop(postgres);
    let other = connect(&dataset.name, &json!({}));
    let mut second = plan;
    second.key.load_id = "1700000001.5".to_owned();
    other.prepare_load(&second).unwrap();
    assert_eq!(constraints(&dataset), "0");
    other.complete_load(&LoadCommit::of(&second, 6)).unwrap();
    assert_eq!(constraints(&dataset), "1");
}

#[test]
fn a_constraint_that_the_other_load_has_added_already_is_not_added_again() {
    let fixture = items_load([row_id()], &json!({}));
    let Fixture { destination: postgres, plan, dataset, .. } = fixture;
    drop(postgres);
    // What the other machine has done when it dies between its last constraint and its commit.
    dataset.server.psql(&format!(
        "ALTER TABLE {0}.items ADD UNIQUE (_dlt_id); \
         UPDATE {0}_staging._cartage_ledger SET state = 1 WHERE entry LIKE 'late-key:%'",
        dataset.name
    ));
    let other = connect(&dataset.name, &json!({}));
    let mut second = plan;
    second.key.load_id = "1700000001.5".to_owned();
    other.prepare_load(&second).unwrap();
    other.complete_load(&LoadCommit::of(&second, 6)).unwrap();
    assert_eq!(constraints(&dataset), "1");
}

#[test]
fn row_ids_that_come_twice_are_refused_with_the_remedy() {
    let fixture = items_load([row_id()], &json!({}));
    fixture.load(&fixture.parquet("a.parquet", ids(&["a", "a"]))).unwrap();
    let error = fixture.destination.complete_load(&LoadCommit::of(&fixture.plan, 5)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(error.remedy().unwrap().contains("create_indexes"), "{error:?}");
}
