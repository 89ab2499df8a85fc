//! Two machines that run one pipeline: whatever the moment at which the second one comes, one of them commits, the
//! other one is told, and no row of it stays.

use std::sync::{Arc, Mutex};

use cartage_destinations_api::{BaseState, Destination, Error, ErrorKind, LoadStatus, Result};
use serde_json::{Value, json};

use super::cloud::{Cloud, Fault};
use super::loads::{Load, ids, in_cloud};

/// A load that builds on no state; its rows say which one it is.
fn load(number: i64) -> Load {
    let first = u64::try_from(number).unwrap() * 10;
    Load::new(number).with("items", "a", &[first]).with("items_old", "b", &[first + 1]).with_state(1)
}

fn is_told(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("cartage run")), "{error}");
}

/// Exactly one has committed, and only its rows are there, at the latest when the next load has begun.
fn one_has_won(cloud: &Cloud, ours: &Result<()>, theirs: &Result<()>, when: &str) {
    let winner = match (ours, theirs) {
        (Ok(()), Err(error)) => {
            is_told(error);
            1
        }
        (Err(error), Ok(())) => {
            is_told(error);
            2
        }
        both => panic!("{when}: {both:?}"),
    };
    let begins_with = |prefix: &str| cloud.names().iter().filter(|name| name.starts_with(prefix)).count();
    assert_eq!(begins_with("_dlt_loads/"), 1, "{when}: {:?}", cloud.names());
    assert_eq!(begins_with("_dlt_pipeline_state/"), 1, "{when}: {:?}", cloud.names());
    let destination = in_cloud(&cloud.other(), &json!({}));
    if destination.loads_in_flight().unwrap().is_empty() {
        assert_eq!(ids(cloud, "items"), [winner * 10], "{when}");
        assert_eq!(ids(cloud, "items_old"), [winner * 10 + 1], "{when}");
    }
    let mut next = Load::new(3).with("items", "c", &[30]).with_state(2);
    next.plan.base = BaseState::Known { version: 1, hash: None };
    next.run(&destination).unwrap_or_else(|error| panic!("{when}: {error}"));
    assert_eq!(ids(cloud, "items"), [winner * 10, 30], "{when}");
    assert_eq!(ids(cloud, "items_old"), [winner * 10 + 1], "{when}");
    assert_eq!(destination.loads_in_flight().unwrap(), [], "{when}: {:?}", cloud.names());
}

fn interrupted_anywhere(settings: &Value) -> usize {
    for number in 1.. {
        let cloud = Cloud::new();
        let theirs = Arc::new(Mutex::new(None));
        let act = {
            let (cloud, theirs, settings) = (cloud.other(), Arc::clone(&theirs), settings.clone());
            move || *theirs.lock().unwrap() = Some(load(2).run(&in_cloud(&cloud, &settings)))
        };
        let ours = cloud.clone().failing_at(number, Fault::Interrupt(Box::new(act)));
        let outcome = load(1).run(&in_cloud(&ours, settings));
        if ours.is_unharmed() {
            return number - 1;
        }
        let theirs = theirs.lock().unwrap().take().expect("they have run");
        let when = format!("at operation {number} of ours, with {settings}");
        one_has_won(&cloud, &outcome, &theirs, &when);
    }
    unreachable!()
}

#[test]
fn a_second_machine_at_any_moment_leaves_the_rows_of_one() {
    let steps = interrupted_anywhere(&json!({}));
    assert!(steps > 20, "{steps} operations");
}

#[test]
fn a_second_machine_at_any_moment_of_an_upload_in_parts_leaves_the_rows_of_one() {
    interrupted_anywhere(&json!({"multipart_size": 4}));
}

#[test]
fn a_machine_that_was_killed_anywhere_is_taken_over_from() {
    for number in 1.. {
        let cloud = Cloud::new();
        let dead = cloud.clone().failing_at(number, Fault::Dead);
        let outcome = load(1).run(&in_cloud(&dead, &json!({})));
        if dead.is_unharmed() {
            assert!(number > 20);
            break;
        }
        let when = format!("killed at {}", dead.last_operation());
        let alive = cloud.other();
        let theirs = load(2).run(&in_cloud(&alive, &json!({})));
        let ours = match outcome {
            // Its commit was written; what it could not tidy up does not matter.
            Ok(()) => Ok(()),
            // It comes back later, perhaps to find that others have finished its commit.
            Err(_) => load(1).run(&in_cloud(&alive, &json!({}))),
        };
        one_has_won(&alive, &ours, &theirs, &when);
    }
}

#[test]
fn machines_at_the_same_time_lose_and_double_no_row() {
    for round in 0..20 {
        let cloud = Cloud::new();
        let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
            let run = |number| {
                let cloud = cloud.other();
                scope.spawn(move || load(number).run(&in_cloud(&cloud, &json!({}))))
            };
            let threads = [run(1), run(2)];
            threads.map(|thread| thread.join().expect("no panic")).into()
        });
        // Each may have taken over from the other; then nobody's rows are there, and a third one gets through.
        if outcomes.iter().all(Result::is_err) {
            for outcome in outcomes {
                is_told(&outcome.unwrap_err());
            }
            load(3).run(&in_cloud(&cloud, &json!({}))).unwrap();
            assert_eq!(ids(&cloud, "items"), [30], "round {round}");
            continue;
        }
        if outcomes.iter().all(Result::is_ok) {
            // Without transactions both may see the old state before either commits; then both are there whole.
            assert_eq!((ids(&cloud, "items"), ids(&cloud, "items_old")), (vec![10, 20], vec![11, 21]));
            continue;
        }
        one_has_won(&cloud, &outcomes[0], &outcomes[1], &format!("round {round}"));
    }
}

#[test]
fn other_pipelines_of_the_dataset_are_left_alone() {
    let cloud = Cloud::new();
    let ours = load(1);
    let destination = in_cloud(&cloud, &json!({}));
    destination.prepare_load(&ours.plan).unwrap();
    ours.job(&destination, 0).unwrap();
    let mut theirs = Load::new(2).with("items", "z", &[99]);
    theirs.plan.key.pipeline = "other".to_owned();
    theirs.run(&in_cloud(&cloud.other(), &json!({}))).unwrap();
    let in_flight = destination.loads_in_flight().unwrap();
    assert_eq!(in_flight.len(), 1, "{in_flight:?}");
    assert_eq!(destination.load_status(&ours.plan.key).unwrap(), LoadStatus::Started);
    ours.run(&destination).unwrap();
    assert_eq!(ids(&cloud, "items"), [10, 99]);
}

#[test]
fn the_first_machine_at_any_moment_of_the_second_ones_load_leaves_the_rows_of_one() {
    for number in 1.. {
        let cloud = Cloud::new();
        let ours = load(1);
        let here = in_cloud(&cloud.other(), &json!({}));
        here.prepare_load(&ours.plan).unwrap();
        ours.job(&here, 0).unwrap();
        let outcome = Arc::new(Mutex::new(None));
        let go_on = {
            let outcome = Arc::clone(&outcome);
            move || {
                let jobs = (1..ours.jobs.len()).try_for_each(|nth| ours.job(&here, nth).map(drop));
                let ended = jobs.and_then(|()| here.complete_load(&ours.commit()));
                *outcome.lock().unwrap() = Some(ended);
            }
        };
        let there = cloud.clone().failing_at(number, Fault::Interrupt(Box::new(go_on)));
        let theirs = load(2).run(&in_cloud(&there, &json!({})));
        if there.is_unharmed() {
            assert!(number > 20, "{number} operations");
            break;
        }
        let ours = outcome.lock().unwrap().take().expect("it went on");
        one_has_won(&cloud, &ours, &theirs, &format!("at operation {number} of theirs"));
    }
}
