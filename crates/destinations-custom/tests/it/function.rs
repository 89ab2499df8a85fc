//! Closures.

use std::sync::{Arc, Mutex};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use cartage_destinations_api::{Destination, Error, ErrorKind, JobOutcome, conformance};
use cartage_destinations_custom::{Custom, arrow, files, rows};
use cartage_runtime::CancelToken;
use serde_json::json;

use crate::place::Place;

type Seen<T> = Arc<Mutex<Vec<T>>>;

#[test]
fn functions_of_rows_and_of_arrow_pass_the_conformance_suite() {
    let place = Place::new();
    let scratch = Mutex::new(0);
    let request = |settings: &serde_json::Value| {
        let mut number = scratch.lock().unwrap();
        *number += 1;
        place.request("function", settings).remembering_in(place.path().join(number.to_string()))
    };
    conformance::all(&|| {
        let sink = rows("sink", |_, _| Ok(()));
        Box::new(Custom::connect(&request(&json!({})), sink).unwrap())
    });
    conformance::all(&|| {
        let sink = arrow("sink", |_, _| Ok(()));
        Box::new(Custom::connect(&request(&json!({"loader_file_format": "parquet"})), sink).unwrap())
    });
}

#[test]
fn rows_come_in_batches_without_what_is_dlts_own() {
    let place = Place::new();
    let seen: Seen<String> = Arc::default();
    let kept = Arc::clone(&seen);
    let sink = rows("sink", move |rows, batch| {
        let names: Vec<&str> = batch.table.columns.keys().map(String::as_str).collect();
        let rows = serde_json::to_string(&rows)?;
        kept.lock().unwrap().push(format!("{} {} {names:?} {rows}", batch.job_id, batch.first_row));
        Ok(())
    });
    let destination = Custom::connect(&place.request("function", &json!({"batch_size": 2})), sink).unwrap();
    let outcome = place.run(&destination, &place.jsonl(3)).unwrap();
    assert_eq!(outcome, JobOutcome::Done { rows: 3 });
    assert_eq!(
        *seen.lock().unwrap(),
        [
            r#"items.one.jsonl 0 ["id", "name"] [{"id":1,"name":"n1"},{"id":2,"name":"n2"}]"#,
            r#"items.one.jsonl 2 ["id", "name"] [{"id":3,"name":"n3"}]"#,
        ]
    );
}

#[test]
fn a_job_goes_on_behind_the_last_batch_that_was_taken_across_row_groups_and_other_batch_sizes() {
    let place = Place::new();
    let job = place.parquet(10, 4);
    let seen: Seen<(u64, Vec<i64>)> = Arc::default();
    for (batch_size, fails_at) in [(3, Some(6)), (2, None)] {
        let kept = Arc::clone(&seen);
        let sink = arrow("sink", move |rows: &RecordBatch, batch| {
            if Some(batch.first_row) == fails_at {
                return Err("no room".into());
            }
            let ids = rows["id"].as_primitive::<Int64Type>().values().to_vec();
            kept.lock().unwrap().push((batch.first_row, ids));
            Ok(())
        });
        let settings = json!({"batch_size": batch_size, "loader_file_format": "parquet"});
        let destination = Custom::connect(&place.request("function", &settings), sink).unwrap();
        match place.run(&destination, &job) {
            Ok(outcome) => assert_eq!(outcome, JobOutcome::Done { rows: 4 }),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Transient);
                assert_eq!(error.to_string(), "rows 7 to 9 of job items.one.parquet: sink: no room");
            }
        }
    }
    let rows: Vec<i64> = seen.lock().unwrap().iter().flat_map(|(_, ids)| ids.clone()).collect();
    assert_eq!(rows, (1..=10).collect::<Vec<i64>>());
    let done = Custom::connect(
        &place.request("function", &json!({"loader_file_format": "parquet"})),
        arrow("sink", |_, _| panic!("the job is done")),
    );
    assert_eq!(place.run(&done.unwrap(), &job).unwrap(), JobOutcome::DoneBefore);
}

#[test]
fn errors_keep_their_kind() {
    let place = Place::new();
    let sink = rows("sink", |_, _| Err(Error::terminal("not wanted").with_remedy("ask").into()));
    let destination = Custom::connect(&place.request("function", &json!({})), sink).unwrap();
    let error = place.run(&destination, &place.jsonl(1)).unwrap_err();
    assert_eq!((error.kind(), error.remedy()), (ErrorKind::Terminal, Some("ask")));
}

#[test]
fn a_job_stops_between_batches_when_the_user_asks_and_goes_on_later() {
    let place = Place::new();
    let cancel = CancelToken::default();
    let seen: Seen<u64> = Arc::default();
    let sink = |cancel: Option<CancelToken>| {
        let kept = Arc::clone(&seen);
        rows("sink", move |_, batch| {
            kept.lock().unwrap().push(batch.first_row);
            cancel.iter().for_each(CancelToken::cancel);
            Ok(())
        })
    };
    let request = place.request("function", &json!({"batch_size": 2}));
    let first = Custom::connect(&request.clone().cancelled_by(cancel.clone()), sink(Some(cancel))).unwrap();
    assert_eq!(place.run(&first, &place.jsonl(5)).unwrap(), JobOutcome::Interrupted);
    let second = Custom::connect(&request, sink(None)).unwrap();
    assert_eq!(place.run(&second, &place.jsonl(5)).unwrap(), JobOutcome::Done { rows: 3 });
    assert_eq!(*seen.lock().unwrap(), [0, 2, 4]);
}

#[test]
fn whole_files_and_dlts_own_tables_are_handed_over_where_they_are_asked_for() {
    let place = Place::new();
    let seen: Seen<String> = Arc::default();
    let kept = Arc::clone(&seen);
    let sink = files("sink", move |file, batch| {
        kept.lock().unwrap().push(format!("{} {}", batch.table.name, file.local().unwrap().display()));
        Ok(())
    });
    let settings = json!({"batch_size": 0, "skip_dlt_columns_and_tables": false});
    let destination = Custom::connect(&place.request("function", &settings), sink).unwrap();
    let job = place.jsonl(2);
    let mut state = job.clone();
    (state.id, state.table) = ("_dlt_pipeline_state.one.jsonl".to_owned(), "_dlt_pipeline_state".to_owned());
    destination.prepare_load(&place.plan).unwrap();
    for job in [&job, &state] {
        destination.open_job(&place.plan, job).unwrap().run().unwrap();
    }
    let path = job.local().unwrap().display();
    assert_eq!(*seen.lock().unwrap(), [format!("items {path}"), format!("_dlt_pipeline_state {path}")]);
}

#[test]
fn a_function_of_arrow_says_which_format_it_needs() {
    let place = Place::new();
    let refused = Custom::connect(&place.request("function", &json!({})), arrow("sink", |_, _| Ok(())));
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.remedy(), Some("set loader_file_format = \"parquet\""));
}
