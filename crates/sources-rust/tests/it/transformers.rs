//! Resources that work on the rows of others.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use cartage_extract::NextItemMode;
use cartage_package_store::Folder;
use cartage_sources_rust::{
    BoxError, Lazy, Limit, ResourceBuilder, async_transformer, incremental, page_transformer, pages,
    resource, rows, source, transformer, transformer_with,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{Pipeline, ids};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct User {
    id: i64,
}

fn users(pages_of: &[usize]) -> ResourceBuilder<Vec<User>> {
    let mut next = 0;
    let made: Vec<Vec<User>> = pages_of
        .iter()
        .map(|rows| {
            (0..*rows)
                .map(|_| {
                    next += 1;
                    User { id: next }
                })
                .collect()
        })
        .collect();
    pages("users", made)
}

#[test]
fn only_the_transformer_is_loaded_unless_its_parent_is_in_the_source() {
    let orders = || transformer("orders", |user: User| Ok(vec![json!({"id": user.id * 10})]));
    let mut pipeline = Pipeline::new();
    let report = pipeline.extract(users(&[2, 1]) | orders()).unwrap();
    assert_eq!(report.tables.keys().collect::<Vec<_>>(), ["orders"]);
    assert_eq!(ids(&pipeline.rows("orders")), [10, 20, 30]);

    let users = users(&[2, 1]);
    let both = source("shop").with(&users | orders()).with(users);
    let report = pipeline.extract_source(both).unwrap();
    assert_eq!((report.tables["users"], report.tables["orders"]), (3, 3));
}

#[test]
fn a_parent_of_several_transformers_runs_once_and_chains_go_on() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let users = resource("users", move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok([Ok(vec![User { id: 1 }, User { id: 2 }])])
    });
    let orders = &users
        | transformer("orders", |user: User| {
            Ok(Lazy((0..2).map(move |order| Ok(vec![json!({"user": user.id, "id": user.id * 10 + order})]))))
        });
    let items = &orders | transformer("items", |order: Value| Ok(vec![json!({"of": order["id"], "id": 1})]));
    let names = users | transformer("names", |user: User| Ok(vec![json!({"id": user.id})]));
    let mut pipeline = Pipeline::new();
    let report = pipeline.extract_source(source("shop").with(items).with(names).with(orders)).unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!((report.tables["orders"], report.tables["items"], report.tables["names"]), (4, 4, 2));
    assert!(!report.tables.contains_key("users"));
    assert_eq!(ids(&pipeline.rows("orders")), [10, 11, 20, 21]);
}

#[test]
fn pages_text_and_columns_can_be_taken_whole() {
    let sizes = page_transformer("sizes", |users: Vec<User>| Ok(vec![json!({"id": users.len()})]));
    let mut pipeline = Pipeline::new();
    pipeline.extract(users(&[2, 3]) | sizes).unwrap();
    assert_eq!(ids(&pipeline.rows("sizes")), [2, 3]);

    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(vec![4, 5]))]).unwrap();
    let columns = pages("columns", [batch]);
    let halves = page_transformer("halves", |batch: RecordBatch| Ok(batch.slice(1, 1)));
    let report = pipeline.extract(columns.clone() | halves).unwrap();
    assert_eq!(report.tables["halves"], 1);
}

#[test]
fn rows_of_columns_can_be_taken_one_by_one() {
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(vec![4, 5]))]).unwrap();
    let mut pipeline = Pipeline::new();
    pipeline.extract(pages("columns", [batch]) | transformer("rows", |user: User| Ok(vec![user]))).unwrap();
    assert_eq!(ids(&pipeline.rows("rows")), [4, 5]);
}

#[test]
fn rows_that_its_cursor_drops_do_not_reach_the_children_of_a_parent() {
    let fresh = || users(&[3]).incremental(incremental("id").initial_value(2));
    let orders = || transformer("orders", |user: User| Ok(vec![json!({"id": user.id})]));
    let mut pipeline = Pipeline::new();
    pipeline.extract(fresh() | orders()).unwrap();
    assert_eq!(ids(&pipeline.rows("orders")), [2, 3]);
}

#[test]
fn a_cursor_in_row_order_does_not_end_a_transformer_before_the_last_row_of_its_parent() {
    // The rows of each user begin anew.
    let orders =
        transformer("orders", |_: User| Ok((1..=4).map(|id| json!({ "id": id })).collect::<Vec<_>>()));
    let cursor =
        incremental("id").initial_value(0).end_value(3).row_order(cartage_sources_rust::RowOrder::Ascending);
    let mut pipeline = Pipeline::new();
    pipeline.extract((users(&[1, 1]) | orders).incremental(cursor)).unwrap();
    assert_eq!(ids(&pipeline.rows("orders")), [1, 2, 1, 2]);
}

#[test]
fn the_state_of_a_transformer_goes_with_its_rows() {
    let seen = || {
        transformer_with("seen", |run, user: User| {
            let state = run.state();
            let count: i64 = state.get("count").unwrap_or(0) + 1;
            state.set("count", count);
            Ok(vec![json!({"id": user.id, "count": count})])
        })
    };
    let mut pipeline = Pipeline::new();
    pipeline.extract(users(&[2]) | seen()).unwrap();
    pipeline.extract(users(&[2]) | seen()).unwrap();
    assert_eq!(pipeline.state.resource_state("shop", "seen").unwrap()["count"], 4);
}

#[test]
fn several_rows_are_worked_on_at_once() {
    // Nobody passes before all four are there.
    let barrier = Arc::new(Barrier::new(4));
    let met = transformer("met", move |user: User| {
        barrier.wait();
        Ok(vec![user])
    });
    let mut pipeline = Pipeline::new();
    pipeline.extract(users(&[8]) | met.workers(4)).unwrap();
    assert_eq!(ids(&pipeline.rows("met")), (1..=8).collect::<Vec<_>>());
}

#[test]
fn asynchronous_rows_are_worked_on_at_once_and_keep_their_order() {
    let inside = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let watch = Arc::clone(&inside);
    let met = async_transformer("met", move |user: User| {
        let watch = Arc::clone(&watch);
        async move {
            let now = watch.0.fetch_add(1, Ordering::SeqCst) + 1;
            watch.1.fetch_max(now, Ordering::SeqCst);
            // Goes on when four are there, whatever the machine does.
            while watch.1.load(Ordering::SeqCst) < 4 {
                futures_util::future::ready(()).await;
                std::thread::yield_now();
                tokio::task::yield_now().await;
            }
            watch.0.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, BoxError>(vec![user])
        }
    });
    let mut pipeline = Pipeline::new();
    pipeline.extract(users(&[12]) | met).unwrap();
    assert_eq!(ids(&pipeline.rows("met")), (1..=12).collect::<Vec<_>>());
}

#[test]
fn a_fast_transformer_is_held_back_by_the_reader_of_its_pages() {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let endless = transformer("endless", move |_: User| {
        let counter = Arc::clone(&counter);
        Ok(Lazy((0..).map(move |id: usize| {
            counter.fetch_add(1, Ordering::Relaxed);
            if id == 500 { Err("enough".into()) } else { Ok(vec![json!({ "id": id })]) }
        })))
    });
    let mut pipeline = Pipeline::new();
    pipeline.settings.max_parallel_items = 4.try_into().unwrap();
    pipeline.extract(users(&[100]) | endless.workers(3)).unwrap_err();
    // The first row came to its end; of the others, at most four were begun and made a few pages ahead.
    assert!(made.load(Ordering::Relaxed) < 501 + 4 * 4, "{made:?}");
}

#[test]
fn errors_and_panics_in_any_thread_name_the_transformer_and_publish_nothing() {
    let mut pipeline = Pipeline::new();
    for workers in [1, 4] {
        let fails = transformer("fails", |user: User| {
            if user.id == 3 { Err("the service is gone".into()) } else { Ok(vec![user]) }
        });
        let panics = transformer("panics", |user: User| -> Result<Vec<User>, BoxError> {
            assert!(user.id < 3, "user three");
            Ok(vec![user])
        });
        let error = pipeline.extract(users(&[5]) | fails.workers(workers)).unwrap_err();
        assert!(error.to_string().contains("`fails`"), "{error}");
        let error = pipeline.extract(users(&[5]) | panics.workers(workers)).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(error.to_string().contains("`panics`") && cause.contains("user three"), "{error}: {cause}");
    }
    let other = transformer("other", |text: String| Ok(vec![text]));
    let error = pipeline.extract(users(&[1]) | other).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("row 1 of a page of the parent"), "{cause}");
    assert!(pipeline.temp.store.list(Folder::Extracted).unwrap().is_empty());
}

#[test]
fn a_limit_of_the_parent_limits_its_children() {
    let orders = transformer("orders", |user: User| Ok(vec![user]));
    let mut pipeline = Pipeline::new();
    let report = pipeline.extract_source(source("shop").with(users(&[1; 9]) | orders).limit(Limit::pages(2)));
    assert_eq!(report.unwrap().tables["orders"], 2);
}

#[test]
fn a_child_of_a_cursor_is_extracted_again_with_it_after_a_crash() {
    // What a run after an interrupted one leaves out is what is not resumable. The parent continues after its rows,
    // so its children must follow, or the rows of new users would never come.
    let fresh = users(&[2]).incremental("id");
    let orders = &fresh | transformer("orders", |user: User| Ok(vec![user]));
    let plain = rows("plain", [json!({"id": 1})]);
    let of_plain = &plain | transformer("of_plain", |row: Value| Ok(vec![row]));
    let mut pipeline = Pipeline::new();
    pipeline.extract_source(source("shop").with(fresh).with(orders).with(plain).with(of_plain)).unwrap();
    let newest = pipeline.temp.store.list(Folder::Extracted).unwrap().pop().unwrap();
    let package = pipeline.temp.store.open_package(Folder::Extracted, &newest).unwrap();
    let resumable: Vec<_> =
        package.manifest().resources.iter().map(|entry| (entry.name.as_str(), entry.resumable)).collect();
    assert_eq!(resumable, [("users", true), ("orders", true), ("plain", false), ("of_plain", false)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// The rows of a chain, their order and their bytes do not depend on who works on them.
    #[test]
    fn the_order_of_rows_does_not_depend_on_the_number_of_workers(
        pages in prop::collection::vec(0..7_usize, 0..6),
        workers in 1..6_usize,
        stage_workers in 1..5_usize,
        parallel_items in 1..6_usize,
        is_fifo in any::<bool>(),
    ) {
        let run = |workers: usize, stage_workers: usize, parallel_items: usize| {
            let turns = Arc::new(Mutex::new(HashSet::new()));
            let orders = users(&pages) | transformer("orders", move |user: User| {
                // Threads come in any order here.
                turns.lock().unwrap().insert(user.id);
                let count = user.id % 4;
                Ok(Lazy((0..count).map(move |order| Ok(vec![User { id: user.id * 10 + order }]))))
            }).workers(workers);
            let items = &orders | transformer("items", |order: User| {
                Ok(vec![json!({"id": order.id}), json!({"id": -order.id})])
            }).workers(workers);
            let mut pipeline = Pipeline::new();
            pipeline.settings.workers = stage_workers.try_into().unwrap();
            pipeline.settings.max_parallel_items = parallel_items.try_into().unwrap();
            if is_fifo {
                pipeline.settings.next_item_mode = NextItemMode::Fifo;
            }
            let report = pipeline.extract_source(source("shop").with(orders).with(items)).unwrap();
            if report.packages.is_empty() {
                return (Vec::new(), Vec::new());
            }
            (ids(&pipeline.rows("orders")), ids(&pipeline.rows("items")))
        };
        let alone = run(1, 1, 1);
        prop_assert_eq!(run(workers, stage_workers, parallel_items), alone.clone());
        let orders: Vec<i64> = (1..=pages.iter().sum::<usize>() as i64)
            .flat_map(|user| (0..user % 4).map(move |order| user * 10 + order))
            .collect();
        prop_assert_eq!(alone.0, orders);
    }
}
