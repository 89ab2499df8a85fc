//! Loads that are disturbed: connections that break, loads that meet, and what is left.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use cartage_destinations_api::{
    Destination, ErrorKind, JobOutcome, LoadCommit, LoadStatus, Outcome, check_connection,
};
use cartage_destinations_sql::{SqlEngine as _, SqlSession as _};
use cartage_schema::{Column, DataType};
use cartage_test_support::{FakeSnow, HttpProxy, Refusal};
use serde_json::json;

use super::util::{Dataset, items_load, plan};

fn columns() -> [Column; 1] {
    [Column::typed("c", DataType::Bigint, true)]
}

fn numbers(count: i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(0..count))
}

#[test]
fn rows_whose_commit_is_not_heard_of_are_there_once() {
    let server = format!("127.0.0.1:{}", FakeSnow::shared().port());
    // Each request of a load of one job is carried out, and its answer lost.
    for nth in 0.. {
        let fixture = items_load(columns(), &json!({}));
        let file = fixture.parquet("1", vec![("c", numbers(1000))]);
        let from = std::sync::atomic::AtomicUsize::new(0);
        let proxy = HttpProxy::forgetful(&server, move |method, path, _| {
            let is_statement = method == "POST" && path.starts_with("/queries");
            let is_it = is_statement && from.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == nth;
            is_it.then_some(Refusal { status: 502, code: "Lost" })
        });
        let far = fixture.dataset.connect(&json!({"url": proxy.url()}));
        let job = cartage_destinations_api::JobFile::new(
            "1",
            "items",
            &file,
            cartage_destinations_api::FileFormat::Parquet,
        );
        let first = far.open_job(&fixture.plan, &job).unwrap().run();
        let was_lost = proxy.refused() > 0;
        match &first {
            Err(error) => assert!(was_lost && error.kind() == ErrorKind::Transient, "{error}"),
            // The session does not need to know which dataset it is in.
            Ok(done) => assert!(!was_lost || nth == 0, "{done:?}"),
        }
        let again = fixture.load(&file).unwrap();
        assert!(matches!(again, JobOutcome::Done { rows: 1000 } | JobOutcome::DoneBefore), "{again:?}");
        fixture.commit();
        assert_eq!(
            fixture.destination.reader().unwrap().count("items").unwrap(),
            1000,
            "answer {nth} is lost"
        );
        if !was_lost {
            assert!(nth > 4, "{nth} statements only");
            break;
        }
    }
}

#[test]
fn a_load_that_begins_later_takes_over_and_the_other_one_fails() {
    let fixture = items_load(columns(), &json!({}));
    let file = fixture.parquet("1", vec![("c", numbers(10))]);
    let mut later = fixture.plan.clone();
    later.key.load_id = "1700000001.5".to_owned();
    let other = fixture.dataset.connect(&json!({}));
    other.prepare_load(&later).unwrap();
    let error = fixture.load(&file).unwrap_err();
    assert!(error.to_string().contains("another machine has begun"), "{error}");
    other.complete_load(&LoadCommit::of(&later, 6)).unwrap();
    assert_eq!(other.load_status(&later.key).unwrap(), LoadStatus::Complete);
    assert_eq!(fixture.rows(), Vec::<Vec<Option<String>>>::new());
}

#[test]
fn jobs_run_at_the_same_time_and_files_go_when_they_are_loaded() {
    let fixture = items_load(columns(), &json!({}));
    let files = ["1", "2"].map(|name| fixture.parquet(name, vec![("c", numbers(500))]));
    std::thread::scope(|threads| {
        let running = files.each_ref().map(|file| threads.spawn(|| fixture.load(file).unwrap()));
        for job in running {
            assert_eq!(job.join().unwrap(), JobOutcome::Done { rows: 500 });
        }
    });
    fixture.commit();
    assert_eq!(fixture.destination.reader().unwrap().count("items").unwrap(), 1000);
    // The stage is gone with the staging dataset.
    assert_eq!(fixture.dataset.schemas(), [fixture.dataset.name.to_uppercase()]);
}

#[test]
fn a_stage_of_another_user_keeps_the_staging_dataset() {
    let fixture = items_load(columns(), &json!({}));
    let staging = format!("{}_staging", fixture.dataset.name);
    fixture.dataset.sql(&format!("CREATE STAGE \"{}\".\"THEIRS\"", staging.to_uppercase()));
    fixture.commit();
    let engine = fixture.dataset.connect(&json!({})).into_engine();
    let session = engine.session().unwrap();
    assert!(session.has_dataset(&staging).unwrap());
    assert_eq!(session.tables(&staging).unwrap(), Vec::<String>::new());
}

#[test]
fn names_that_are_too_long_are_refused_by_their_number_of_characters() {
    let long = "n".repeat(255);
    let fits = plan([Column::typed(&long, DataType::Bigint, true)]);
    let dataset = Dataset::new("names");
    let snowflake = dataset.connect(&json!({}));
    snowflake.prepare_load(&fits).unwrap();
    snowflake.complete_load(&LoadCommit::of(&fits, 5)).unwrap();
    assert_eq!(snowflake.capabilities().max_name_length(), 255);
}

#[test]
fn a_check_up_finds_what_a_load_needs_and_leaves_nothing() {
    let dataset = Dataset::new("check");
    let found = check_connection(&dataset.connect(&json!({})));
    assert!(
        found.failure.is_none() && found.steps.iter().all(|step| step.outcome == Outcome::Ok),
        "{found:?}"
    );
    assert!(found.steps[0].detail.contains("version"), "{found:?}");
    assert_eq!(dataset.schemas(), Vec::<String>::new());
}
