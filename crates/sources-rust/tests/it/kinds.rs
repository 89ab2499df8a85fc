//! Resources of every kind, their steps, their state and their errors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema as ArrowSchema};
use cartage_package_store::Folder;
use cartage_schema::WriteDisposition;
use cartage_sources_rust::{BoxError, JsonText, Limit, pages, resource, rows, source, stream};
use serde_json::json;

use crate::support::{Pipeline, ids};

#[test]
fn rows_of_an_iterator_a_channel_text_and_a_stream_arrive_in_order() {
    let mut pipeline = Pipeline::new();
    pipeline.extract(rows("list", (0..2_500).map(|id| json!({ "id": id })))).unwrap();
    assert_eq!(ids(&pipeline.rows("list")), (0..2_500).collect::<Vec<_>>());

    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || (0..3).for_each(|id| sender.send(json!({ "id": id })).unwrap()));
    pipeline.extract(rows("channel", receiver)).unwrap();
    assert_eq!(ids(&pipeline.rows("channel")), [0, 1, 2]);

    pipeline
        .extract(pages("text", ["[{\"id\": 1},\n {\"id\": 2}]", "{\"id\": 3}"].map(JsonText::from)))
        .unwrap();
    assert_eq!(ids(&pipeline.rows("text")), [1, 2, 3]);

    let three = |_| Ok(futures_util::stream::iter((0..3).map(|id| Ok(vec![json!({ "id": id })]))));
    pipeline.extract(stream("stream", three)).unwrap();
    assert_eq!(ids(&pipeline.rows("stream")), [0, 1, 2]);
}

#[test]
fn columns_stay_columns() {
    let schema = Arc::new(ArrowSchema::new(vec![Field::new("id", DataType::Int64, false)]));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(vec![1, 2, 3]))]).unwrap();
    let report = Pipeline::new().extract(pages("batches", [batch])).unwrap();
    assert_eq!(report.rows(), 3);
}

#[test]
fn a_resource_goes_on_where_its_state_says() {
    let numbers = || {
        resource("numbers", |run| {
            let state = run.state();
            let next: u64 = state.get("next").unwrap_or(0);
            Ok((next..next + 2).map(move |id| {
                state.set("next", id + 1);
                Ok(vec![json!({ "id": id })])
            }))
        })
    };
    let mut pipeline = Pipeline::new();
    pipeline.extract(numbers()).unwrap();
    pipeline.extract(numbers()).unwrap();
    assert_eq!(ids(&pipeline.rows("numbers")), [2, 3]);
    assert_eq!(pipeline.state.resource_state("shop", "numbers").unwrap()["next"], 4);
}

#[test]
fn the_state_of_pages_that_a_limit_leaves_out_is_left_out_too() {
    let numbers = resource("numbers", |run| {
        let state = run.state();
        Ok((0..).map(move |id| {
            state.set("last", id);
            Ok(vec![json!({ "id": id })])
        }))
    });
    let mut pipeline = Pipeline::new();
    pipeline.extract(numbers.limit(Limit::pages(3))).unwrap();
    assert_eq!(ids(&pipeline.rows("numbers")), [0, 1, 2]);
    assert_eq!(pipeline.state.resource_state("shop", "numbers").unwrap()["last"], 2);
}

#[test]
fn steps_change_rows_on_their_way_and_keep_their_order() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let numbers = rows("numbers", 0..10_i64)
        .filter(|number| number % 2 == 0)
        .flat_map(|number| [number, number + 100])
        .parallel_map(4, |number| {
            std::thread::sleep(std::time::Duration::from_millis(10 - (number % 10).unsigned_abs()));
            Ok(number)
        })
        .inspect(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        })
        .map(|id| json!({ "id": id }));
    let mut pipeline = Pipeline::new();
    pipeline.extract(numbers).unwrap();
    assert_eq!(ids(&pipeline.rows("numbers")), [0, 100, 2, 102, 4, 104, 6, 106, 8, 108]);
    assert_eq!(seen.load(Ordering::Relaxed), 10);
}

#[test]
fn hints_reach_the_table() {
    let mut pipeline = Pipeline::new();
    let orders = rows("orders", [json!({"id": 1, "amount": "9.90"})])
        .table_name("all_orders")
        .write_disposition(WriteDisposition::Merge)
        .primary_key(["id"])
        .column("amount", json!({"data_type": "decimal"}));
    pipeline.extract(orders).unwrap();
    let table = &pipeline.schema.tables["all_orders"];
    assert_eq!(table.write_disposition, Some(WriteDisposition::Merge));
    assert_eq!(table.primary_key(), ["id"]);
    assert_eq!(table.columns["amount"].data_type, Some(cartage_schema::DataType::Decimal));
}

#[test]
fn errors_and_panics_name_the_resource_and_publish_nothing() {
    let failing = |name: &str, fail: fn() -> BoxError| {
        resource(name, move |_| Ok([Ok(vec![json!({"id": 1})]), Err(fail())]))
    };
    let mut pipeline = Pipeline::new();
    let error = pipeline.extract(failing("broken", || "the service is gone".into())).unwrap_err();
    assert!(error.to_string().contains("`broken`"), "{error}");
    let error = pipeline.extract(failing("panics", || panic!("no"))).unwrap_err();
    assert!(error.to_string().contains("`panics`"), "{error}");
    assert!(pipeline.temp.store.list(Folder::Extracted).unwrap().is_empty());

    let wrong = rows("wrong", [1]).hint("write_disposition", "upsurt");
    let error = source("shop").with(wrong).build().unwrap_err();
    assert!(error.to_string().contains("`wrong`"), "{error}");
}
