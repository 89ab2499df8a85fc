//! What the stage does about errors of the destination and of packages.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use cartage_destinations_api::{Destination, Error, ErrorKind};
use cartage_load::{LoadError, LoadSettings};
use cartage_package_store::{Folder, JobState, PackageSettings, Refresh, RefreshTables};
use cartage_schema::{MergeStrategy, WriteDisposition};
use cartage_test_support::{rewrite_package_json, runtime};

use crate::shop::{Delivery, Shop, Sleeps, settings};
use crate::spy::{Call, Spy, When};

fn is_items(when: When, call: &Call) -> bool {
    when == When::Before && *call == Call::Job("items".to_owned())
}

#[test]
fn a_transient_error_is_retried_with_growing_pauses_and_counted_in_the_file_name() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery::append(1, &[&[1, 2, 3]]));
    let failures = AtomicU32::new(3);
    let flaky = Spy::new(&shop.memory, |when, call| {
        let fails = is_items(when, call)
            && failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if fails { Err(Error::transient("the network is gone")) } else { Ok(()) }
    });
    let sleeps = Arc::new(Sleeps::default());
    let mut settings = settings();
    settings.retry.sleeper = sleeps.clone();
    shop.load_with(&load_id, &flaky, &settings, &runtime()).unwrap();

    assert_eq!(shop.values("items", "id"), ["1", "2", "3"]);
    let sleeps = sleeps.0.lock().unwrap();
    assert_eq!(sleeps.len(), 3);
    for (attempt, pause) in sleeps.iter().enumerate() {
        let whole = settings.retry.first * 2u32.pow(attempt as u32);
        assert!(*pause >= whole / 2 && *pause <= whole, "attempt {attempt}: {pause:?}");
    }
    let loaded = shop.package(Folder::Loaded, &load_id).jobs(JobState::Completed).unwrap();
    assert!(loaded.iter().any(|job| job.table_part() == "items" && job.retry() == 3), "{loaded:?}");
}

#[test]
fn too_many_transient_errors_leave_the_package_pending_and_the_count_goes_on() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery::append(1, &[&[1]]));
    let broken = Spy::new(&shop.memory, |when, call| {
        if is_items(when, call) { Err(Error::transient("the network is gone")) } else { Ok(()) }
    });
    for expected in [5, 10] {
        let error = shop.load_with(&load_id, &broken, &settings(), &runtime()).unwrap_err();
        assert!(
            matches!(&error, LoadError::TooManyRetries { attempts, .. } if *attempts == expected),
            "{error:?}"
        );
        assert_eq!(error.kind(), Some(ErrorKind::Transient));
    }
    shop.load(&load_id).unwrap();
    assert_eq!(shop.values("items", "id"), ["1"]);
}

#[test]
fn a_job_that_fails_for_good_stops_the_load_and_is_tried_again_by_the_next() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery { tags: &[&["a"]], ..Delivery::append(1, &[&[1]]) });
    let refusing = Spy::new(&shop.memory, |when, call| {
        if is_items(when, call) { Err(Error::terminal("a value does not fit")) } else { Ok(()) }
    });
    let error = shop.load_with(&load_id, &refusing, &settings(), &runtime()).unwrap_err();
    assert!(matches!(&error, LoadError::JobFailed { table, .. } if table == "items"), "{error:?}");
    assert!(error.hint().is_some());
    let pending = shop.package(Folder::Normalized, &load_id).jobs(JobState::New).unwrap();
    assert!(pending.iter().any(|job| job.table_part() == "items" && job.retry() == 1), "{pending:?}");
    assert_eq!(shop.values("_dlt_loads", "load_id"), Vec::<String>::new());
    assert_eq!(shop.values("items", "id"), Vec::<String>::new());

    shop.load(&load_id).unwrap();
    assert_eq!(
        (shop.values("items", "id"), shop.values("items__tags", "value")),
        (vec!["1".into()], vec!["a".into()])
    );
}

#[test]
fn failed_jobs_are_put_aside_with_their_reason_where_the_user_wants_to_go_on() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery { tags: &[&["a"]], ..Delivery::append(1, &[&[1, 2]]) });
    let refusing = Spy::new(&shop.memory, |when, call| {
        let error = || Error::terminal("a value does not fit").with_remedy("use a wider type");
        if is_items(when, call) { Err(error()) } else { Ok(()) }
    });
    let settings = LoadSettings { raise_on_failed_jobs: false, delete_completed_jobs: true, ..settings() };
    let report = shop.load_with(&load_id, &refusing, &settings, &runtime()).unwrap();

    assert_eq!(report.failed_jobs.len(), 1);
    assert_eq!((report.failed_jobs[0].table.as_str(), report.failed_jobs[0].rows), ("items", 2));
    assert_eq!(report.tables["items"].rows, 0);
    assert_eq!(report.tables["items__tags"].rows, 1);
    let package = shop.package(Folder::Loaded, &load_id);
    let failed = package.jobs(JobState::Failed).unwrap();
    let reason = package.failure_reason(&failed[0]).unwrap().unwrap();
    assert_eq!(reason, "a value does not fit\nhint: use a wider type");
    assert_eq!(package.jobs(JobState::Completed).unwrap().len(), 2, "kept beside failed jobs");
    assert_eq!(shop.values("_dlt_loads", "load_id"), [load_id.as_str()]);
}

#[test]
fn a_chain_whose_jobs_all_failed_keeps_its_old_rows() {
    let shop = Shop::new();
    let first = shop.deliver(Delivery::append(1, &[&[1]]));
    shop.load(&first).unwrap();
    let load_id = shop.deliver(Delivery::replace(2, "insert-from-staging", &[&[2], &[3]]));
    let refusing = Spy::new(&shop.memory, |when, call| {
        if is_items(when, call) { Err(Error::terminal("a value does not fit")) } else { Ok(()) }
    });
    let settings = LoadSettings { raise_on_failed_jobs: false, ..settings() };
    let report = shop.load_with(&load_id, &refusing, &settings, &runtime()).unwrap();
    assert_eq!(report.failed_jobs.len(), 2);
    assert_eq!(shop.values("items", "id"), ["1"]);
}

#[test]
fn a_panic_of_the_destination_is_an_error_of_its_job() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery::append(1, &[&[1]]));
    let panicking = Spy::new(&shop.memory, |when, call| {
        assert!(!is_items(when, call), "a mistake in the destination");
        Ok(())
    });
    let error = shop.load_with(&load_id, &panicking, &settings(), &runtime()).unwrap_err();
    assert!(matches!(error, LoadError::JobFailed { .. }), "{error:?}");
}

#[test]
fn a_damaged_package_stops_before_the_destination_is_asked_for_anything() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery::append(1, &[&[1]]));
    let package = shop.package(Folder::Normalized, &load_id);
    let job =
        package.jobs(JobState::New).unwrap().into_iter().find(|job| job.table_part() == "items").unwrap();
    std::fs::write(package.job_path(JobState::New, &job), "{\"id\":9}\n").unwrap();
    let untouched = Spy::new(&shop.memory, |_, call| panic!("{call:?}"));
    let error = shop.load_with(&load_id, &untouched, &settings(), &runtime()).unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Corrupt));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains(&job.to_string()), "{source}");
}

#[test]
fn what_the_destination_cannot_do_is_refused_before_it_is_asked_for_anything() {
    let merge = Delivery {
        disposition: WriteDisposition::Merge,
        strategy: Some("upsert"),
        ..Delivery::append(1, &[&[1]])
    };
    for (delivery, word) in
        [(merge, "upsert"), (Delivery::replace(1, "staging-optimized", &[&[1]]), "staging-optimized")]
    {
        let shop = Shop::new();
        let load_id = shop.deliver(delivery);
        // One that cannot merge at all appends; this one merges in another way.
        let untouched = Spy::new(&shop.memory, |_, call| panic!("{call:?}"))
            .with_capabilities(|can| can.strategies.merge = vec![MergeStrategy::DeleteInsert]);
        let error = shop.load_with(&load_id, &untouched, &settings(), &runtime()).unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Invalid));
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(word) && source.contains("items"), "{source}");
    }
    let skip = Delivery { disposition: WriteDisposition::Skip, ..Delivery::append(1, &[&[1]]) };
    let shop = Shop::new();
    let load_id = shop.deliver(skip);
    assert_eq!(shop.load(&load_id).unwrap_err().kind(), Some(ErrorKind::Invalid));

    let shop = Shop::new();
    let load_id = shop.deliver(Delivery::append(1, &[&[1]]));
    let narrow = Spy::new(&shop.memory, |_, call| panic!("{call:?}"))
        .with_capabilities(|can| can.names.max_identifier_length = 8);
    let error = shop.load_with(&load_id, &narrow, &settings(), &runtime()).unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Invalid), "{error:?}");
}

#[test]
fn a_state_that_another_run_has_moved_is_a_conflict_before_anything_is_written() {
    let shop = Shop::new();
    let first = shop.deliver(Delivery::append(1, &[&[1]]));
    shop.load(&first).unwrap();
    let ours = shop.deliver(Delivery::append(3, &[&[3]]));
    // Another machine loads version 2 of the state into the same dataset.
    let known = shop.pipeline.store.documents().state().unwrap().unwrap();
    let theirs = shop.deliver(Delivery::append(2, &[&[2]]));
    shop.load(&theirs).unwrap();
    shop.pipeline.store.documents().replace_state(&known).unwrap();

    let error = shop.load(&ours).unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Conflict));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("version 2") && cause.contains(theirs.as_str()), "{cause}");
    assert_eq!(shop.values("items", "id"), ["1", "2"]);
    assert_eq!(shop.values("_dlt_loads", "load_id").len(), 2);

    let unchecked = LoadSettings { check_state: false, ..settings() };
    shop.load_with(&ours, &shop.memory, &unchecked, &runtime()).unwrap();
}

#[test]
fn a_wish_to_stop_lets_running_jobs_end_and_leaves_the_rest_pending() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery::append(1, &[&[1, 2, 3], &[4, 5], &[6]]));
    let runtime = runtime();
    let cancel = runtime.cancel.clone();
    let stopping = Spy::new(&shop.memory, move |when, call| {
        if is_items(when, call) {
            cancel.cancel();
        }
        Ok(())
    });
    let error = shop.load_with(&load_id, &stopping, &settings(), &runtime).unwrap_err();
    assert!(matches!(error, LoadError::Cancelled { pending: 3 | 2, total: 4, .. }), "{error:?}");
    assert_eq!(error.kind(), None);
    let package = shop.package(Folder::Normalized, &load_id);
    assert_eq!(package.jobs(JobState::Started).unwrap().len(), 0);
    shop.load(&load_id).unwrap();
    assert_eq!(shop.values("items", "id"), ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn a_refresh_that_makes_no_sense_is_damage() {
    let shop = Shop::new();
    let refresh =
        RefreshTables { mode: Refresh::DropData, drop_tables: Vec::new(), truncate_tables: Vec::new() };
    let settings = PackageSettings { refresh: Some(refresh), ..PackageSettings::default() };
    let load_id = shop.deliver_with(Delivery::append(1, &[&[1]]), settings);
    let package = shop.package(Folder::Normalized, &load_id).path().to_owned();
    rewrite_package_json(&package, |text| text.replace("\"drop_tables\": []", "\"drop_tables\": 7"));
    let error = shop.load(&load_id).unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Corrupt), "{error:?}");
    assert!(format!("{error:?}").contains("settings.refresh"), "{error:?}");
    assert_eq!(shop.memory.reader().unwrap().tables().unwrap(), Vec::<String>::new());
}

#[test]
fn transient_errors_around_the_jobs_are_retried_too() {
    for flaky in [Call::Status, Call::Prepare, Call::FollowUp("items".to_owned()), Call::Complete] {
        let shop = Shop::new();
        let load_id = shop.deliver(Delivery::replace(1, "insert-from-staging", &[&[1]]));
        let failed = Mutex::new(0);
        let spy = Spy::new(&shop.memory, |when, call| {
            let mut failed = failed.lock().unwrap();
            if when == When::After && *call == flaky && *failed < 2 {
                *failed += 1;
                return Err(Error::transient("the answer was lost"));
            }
            Ok(())
        });
        shop.load_with(&load_id, &spy, &settings(), &runtime()).unwrap();
        assert_eq!(*failed.lock().unwrap(), 2, "{flaky:?}");
        assert_eq!(shop.values("items", "id"), ["1"], "{flaky:?}");
        assert_eq!(shop.values("_dlt_loads", "load_id").len(), 1, "{flaky:?}");
    }
}
