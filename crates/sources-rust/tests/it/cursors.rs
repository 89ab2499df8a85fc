//! Cursors, as the resource itself sees them.

use std::sync::{Arc, Mutex};

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use cartage_sources_rust::{
    JsonText, MissingCursor, RangeEnd, ResourceBuilder, RowOrder, incremental, pages, resource, rows,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::support::{Pipeline, ids};

/// An API that gives what is new since a day, and a note of what it was asked.
fn days(asked: &Arc<Mutex<Vec<Option<i64>>>>) -> ResourceBuilder<Vec<Value>> {
    let asked = Arc::clone(asked);
    resource("days", move |run| {
        let since = run.incremental().start_value::<i64>()?;
        asked.lock().unwrap().push(since);
        let first = since.unwrap_or(0);
        Ok((first..first + 3).map(|id| Ok(vec![json!({ "id": id })])))
    })
}

#[test]
fn a_resource_asks_only_for_what_is_new() {
    let asked = Arc::default();
    let mut pipeline = Pipeline::new();
    pipeline.extract(days(&asked).incremental("id")).unwrap();
    assert_eq!(ids(&pipeline.rows("days")), [0, 1, 2]);
    pipeline.extract(days(&asked).incremental("id")).unwrap();
    // The row at the boundary is known, and comes no second time.
    assert_eq!(ids(&pipeline.rows("days")), [3, 4]);
    assert_eq!(*asked.lock().unwrap(), [None, Some(2)]);
}

#[test]
fn without_deduplication_the_row_at_the_boundary_comes_again() {
    let asked = Arc::default();
    let mut pipeline = Pipeline::new();
    let cursor = || incremental("id").without_deduplication();
    pipeline.extract(days(&asked).incremental(cursor())).unwrap();
    pipeline.extract(days(&asked).incremental(cursor())).unwrap();
    assert_eq!(ids(&pipeline.rows("days")), [2, 3, 4]);
}

#[test]
fn initial_value_lag_and_end_value_reach_the_resource() {
    let asked = Arc::default();
    let mut pipeline = Pipeline::new();
    let cursor = || incremental("id").initial_value(5);
    pipeline.extract(days(&asked).incremental(cursor())).unwrap();
    pipeline.extract(days(&asked).incremental(cursor().lag(1.0))).unwrap();
    // A backfill keeps to its own range, whatever the state has.
    let backfill = cursor().end_value(7).range_end(RangeEnd::Closed);
    pipeline.extract(days(&asked).incremental(backfill)).unwrap();
    assert_eq!(*asked.lock().unwrap(), [Some(5), Some(6), Some(5)]);
    assert_eq!(ids(&pipeline.rows("days")), [5, 6, 7]);
}

#[test]
fn the_last_value_moves_behind_each_page() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let numbers = resource("numbers", move |run| {
        let (noted, cursor) = (Arc::clone(&noted), run.incremental());
        Ok((1..4_i64).map(move |id| {
            noted.lock().unwrap().push(cursor.last_value::<i64>()?);
            Ok(vec![json!({ "id": id * 10 })])
        }))
    });
    Pipeline::new().extract(numbers.incremental(incremental("id").initial_value(0))).unwrap();
    assert_eq!(*seen.lock().unwrap(), [Some(0), Some(10), Some(20)]);
}

#[test]
fn a_start_value_of_another_type_is_an_error_that_shows_it() {
    let wrong = resource("wrong", |run| {
        let since = run.incremental().start_value::<bool>()?;
        Ok([Ok(vec![json!({ "id": since })])])
    });
    let error = Pipeline::new().extract(wrong.incremental(incremental("id").initial_value(3))).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(error.to_string().contains("`wrong`") && cause.contains("start value"), "{error}: {cause}");
}

#[test]
fn rows_that_serialize_text_and_columns_pass_the_same_cursor() {
    #[derive(Serialize)]
    struct Order {
        id: i64,
    }
    let batch = |ids: Vec<i64>| {
        let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
        RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(ids))]).unwrap()
    };
    let cursor = || incremental("id").initial_value(2).range_start(RangeEnd::Open);
    let mut pipeline = Pipeline::new();
    let orders = || rows("orders", (0..4).map(|id| Order { id }));
    pipeline.extract(orders().incremental(cursor())).unwrap();
    assert_eq!(ids(&pipeline.rows("orders")), [3]);
    pipeline
        .extract(pages("text", [JsonText::from("[{\"id\": 1}, {\"id\": 3}]")]).incremental(cursor()))
        .unwrap();
    assert_eq!(ids(&pipeline.rows("text")), [3]);
    let report = pipeline.extract(pages("columns", [batch(vec![1, 2, 3, 4])]).incremental(cursor())).unwrap();
    assert_eq!(report.tables["columns"], 2);
    let state = pipeline.state.resource_state("shop", "columns").unwrap();
    assert_eq!(state["incremental"]["id"]["last_value"], 4);
}

#[test]
fn row_order_ends_a_resource_early_and_missing_cursors_are_dealt_with() {
    let falling = |made: &Arc<Mutex<u32>>| {
        let made = Arc::clone(made);
        resource("falling", move |_| {
            let made = Arc::clone(&made);
            Ok((0..100).map(move |page| {
                *made.lock().unwrap() += 1;
                Ok(vec![json!({"id": 100 - page}), json!({"other": 1})])
            }))
        })
    };
    let made = Arc::default();
    let cursor = incremental("id")
        .initial_value(98)
        .row_order(RowOrder::Descending)
        .on_cursor_value_missing(MissingCursor::Exclude);
    let mut pipeline = Pipeline::new();
    pipeline.extract(falling(&made).incremental(cursor)).unwrap();
    assert_eq!(ids(&pipeline.rows("falling")), [100, 99, 98]);
    assert!(*made.lock().unwrap() < 10, "it went on behind the start of its range");
}
