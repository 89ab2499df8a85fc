//! Jobs that run at the destination: asked about with growing pauses, within the limits, and submitted once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cartage_destinations_api::{Error, ErrorKind, Parallelism};
use cartage_destinations_null::{Memory, Moment};
use cartage_load::{LoadError, LoadSettings};
use cartage_package_store::{Folder, JobState};
use cartage_runtime::{CancelToken, Sleeper};
use cartage_test_support::runtime;

use crate::shop::{Delivery, Shop, Sleeps, settings};
use crate::spy::{Call, Spy, When};

fn shop(times: u32) -> Shop {
    Shop::with(Memory::new().running(times))
}

/// How often the parts of the last load were submitted whose entries begin so.
fn submitted(shop: &Shop, begin: &str) -> Vec<u32> {
    let begin = format!("/{begin}");
    shop.memory.submissions().into_iter().filter(|(what, _)| what.contains(&begin)).map(|(_, n)| n).collect()
}

#[test]
fn a_running_job_is_asked_about_with_growing_pauses_that_count_no_retry() {
    let shop = shop(4);
    let load_id = shop.deliver(Delivery::append(1, &[&[1, 2, 3]]));
    let sleeps = Arc::new(Sleeps::default());
    let mut settings = settings();
    settings.retry.sleeper = sleeps.clone();
    let report = shop.load_with(&load_id, &shop.memory, &settings, &runtime()).unwrap();

    assert_eq!((shop.values("items", "id"), report.rows()), (vec!["1".into(), "2".into(), "3".into()], 4));
    let sleeps = sleeps.0.lock().unwrap();
    assert_eq!(sleeps.len(), 8, "two jobs, four times each: {sleeps:?}");
    for (nth, pause) in sleeps.iter().enumerate() {
        let whole = settings.retry.first * 2u32.pow(nth as u32 % 4);
        assert!(*pause >= whole / 2 && *pause <= whole, "question {nth}: {pause:?}");
    }
    let loaded = shop.package(Folder::Loaded, &load_id).jobs(JobState::Completed).unwrap();
    assert!(loaded.iter().all(|job| job.retry() == 0), "{loaded:?}");
}

/// Keeps what runs at the engine, as (table, job), and the most of it at once: of all, and of items.
fn watch(shop: &Shop) -> Arc<Mutex<(BTreeSet<String>, usize, usize)>> {
    let seen = Arc::new(Mutex::new((BTreeSet::new(), 0, 0)));
    let watched = Arc::clone(&seen);
    shop.memory.interfere(move |moment, entry| {
        let (running, most, most_of_items) = &mut *watched.lock().unwrap();
        match moment {
            Moment::Kept => {}
            Moment::Submitted => drop(running.insert(entry.to_owned())),
            Moment::Ended => drop(running.remove(entry)),
        }
        *most = running.len().max(*most);
        *most_of_items =
            running.iter().filter(|job| job.starts_with("job:items.")).count().max(*most_of_items);
        Ok(())
    });
    seen
}

#[test]
fn jobs_that_run_at_the_destination_count_among_those_that_may_run_at_once() {
    let items: &[&[i64]] = &[&[1], &[2], &[3], &[4], &[5]];
    let tags: &[&[&str]] = &[&["a"], &["b"], &["c"]];
    for (strategy, workers, expected) in [
        (Parallelism::Parallel, 2, (2, 2)),
        (Parallelism::Parallel, 4, (4, 4)),
        (Parallelism::TableSequential, 4, (3, 1)),
        (Parallelism::Sequential, 4, (1, 1)),
    ] {
        let shop = shop(3);
        let load_id = shop.deliver(Delivery { tags, ..Delivery::append(1, items) });
        let seen = watch(&shop);
        let settings = LoadSettings {
            parallelism_strategy: Some(strategy),
            workers: workers.try_into().unwrap(),
            ..settings()
        };
        shop.load_with(&load_id, &shop.memory, &settings, &runtime()).unwrap();
        let (running, most, most_of_items) = &*seen.lock().unwrap();
        assert!(running.is_empty(), "{running:?}");
        assert!(*most <= expected.0 && *most_of_items <= expected.1, "{strategy:?}: {most}, {most_of_items}");
        assert!(*most >= expected.0.min(2), "{strategy:?}: jobs run concurrently: {most}");
        assert_eq!(shop.values("items", "id").len(), 5);
        assert_eq!(submitted(&shop, "job:"), [1; 9]);
    }
}

#[test]
fn a_follow_up_waits_for_the_jobs_that_run_and_runs_as_well() {
    let shop = shop(3);
    let first = shop.deliver(Delivery::append(1, &[&[1]]));
    shop.load(&first).unwrap();
    let load_id = shop.deliver(Delivery::replace(2, "insert-from-staging", &[&[2], &[3]]));
    let calls = Mutex::new(Vec::new());
    let spy = Spy::new(&shop.memory, |when, call| {
        if when == When::Before {
            calls.lock().unwrap().push(call.clone());
        }
        Ok(())
    });
    let settings = LoadSettings { workers: 4.try_into().unwrap(), ..settings() };
    shop.load_with(&load_id, &spy, &settings, &runtime()).unwrap();

    let calls = calls.lock().unwrap();
    let is_job = |call: &Call| *call == Call::Job("items".to_owned());
    let is_follow_up = |call: &Call| *call == Call::FollowUp("items".to_owned());
    assert_eq!(calls.iter().filter(|call| is_job(call)).count(), 8, "{calls:?}");
    assert_eq!(calls.iter().filter(|call| is_follow_up(call)).count(), 4, "{calls:?}");
    assert!(calls.iter().rposition(is_job) < calls.iter().position(is_follow_up), "{calls:?}");
    assert_eq!(shop.values("items", "id"), ["2", "3"]);
    assert_eq!(submitted(&shop, "follow-up:"), [1]);
}

#[test]
fn a_job_that_fails_at_the_destination_for_good_stops_the_load_and_is_submitted_again_by_the_next() {
    let shop = shop(2);
    let load_id = shop.deliver(Delivery::append(1, &[&[1, 2]]));
    shop.memory.interfere(|moment, entry| {
        let fails = moment == Moment::Ended && entry.starts_with("job:items.");
        if fails { Err(Error::terminal("a value does not fit")) } else { Ok(()) }
    });
    let error = shop.load(&load_id).unwrap_err();
    assert!(matches!(&error, LoadError::JobFailed { table, .. } if table == "items"), "{error:?}");
    assert_eq!(error.kind(), Some(ErrorKind::Terminal));
    assert_eq!(shop.values("items", "id"), Vec::<String>::new());

    shop.memory.interfere(|_, _| Ok(()));
    shop.load(&load_id).unwrap();
    assert_eq!(shop.values("items", "id"), ["1", "2"]);
    assert_eq!(submitted(&shop, "job:items."), [2]);
}

#[test]
fn a_job_that_fails_at_the_destination_and_may_succeed_is_submitted_again() {
    let shop = shop(2);
    let load_id = shop.deliver(Delivery::append(1, &[&[1, 2]]));
    let failures = Mutex::new(2);
    shop.memory.interfere(move |moment, entry| {
        let mut left = failures.lock().unwrap();
        if moment == Moment::Ended && entry.starts_with("job:items.") && *left > 0 {
            *left -= 1;
            return Err(Error::transient("the engine was restarted"));
        }
        Ok(())
    });
    shop.load(&load_id).unwrap();
    assert_eq!(shop.values("items", "id"), ["1", "2"]);
    assert_eq!(submitted(&shop, "job:items."), [3]);
    let loaded = shop.package(Folder::Loaded, &load_id).jobs(JobState::Completed).unwrap();
    assert!(loaded.iter().any(|job| job.table_part() == "items" && job.retry() == 2), "{loaded:?}");
}

#[test]
fn a_question_that_fails_does_not_submit_the_job_again() {
    let shop = shop(3);
    let load_id = shop.deliver(Delivery::append(1, &[&[1, 2]]));
    let asked = Mutex::new(0);
    let flaky = Spy::new(&shop.memory, |when, call| {
        let mut asked = asked.lock().unwrap();
        *asked += u32::from(when == When::Before && *call == Call::Job("items".to_owned()));
        let fails = when == When::Before && *asked == 2;
        if fails { Err(Error::transient("the network is gone")) } else { Ok(()) }
    });
    shop.load_with(&load_id, &flaky, &settings(), &runtime()).unwrap();
    assert_eq!(shop.values("items", "id"), ["1", "2"]);
    assert_eq!(submitted(&shop, "job:items."), [1]);
}

/// Stops the run instead of sleeping.
#[derive(Debug)]
struct Impatient;

impl Sleeper for Impatient {
    fn sleep(&self, _duration: Duration, cancel: &CancelToken) {
        cancel.cancel();
    }
}

#[test]
fn a_wish_to_stop_ends_the_load_and_the_next_run_completes_what_runs_without_submitting_it_again() {
    for workers in [1, 4] {
        let shop = shop(5);
        let load_id = shop.deliver(Delivery::append(1, &[&[1], &[2]]));
        let mut impatient = LoadSettings { workers: workers.try_into().unwrap(), ..settings() };
        impatient.retry.sleeper = Arc::new(Impatient);
        let error = shop.load_with(&load_id, &shop.memory, &impatient, &runtime()).unwrap_err();
        assert!(matches!(error, LoadError::Cancelled { pending: 3, total: 3, .. }), "{error:?}");
        let begun = shop.memory.submissions().len();
        let started = shop.package(Folder::Normalized, &load_id).jobs(JobState::Started).unwrap();
        assert_eq!(started.len(), begun, "what runs stays started");
        assert_eq!(begun, workers.min(3));
        assert_eq!(shop.values("items", "id"), Vec::<String>::new());

        let report = shop.load(&load_id).unwrap();
        assert!(report.resumed);
        assert_eq!(shop.values("items", "id"), ["1", "2"]);
        assert_eq!(submitted(&shop, "job:"), [1, 1, 1]);
    }
}
