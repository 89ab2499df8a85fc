//! Locks between processes and within one.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use cartage_package_store::{LockError, PackageStore, StoreOptions, Wait};
use cartage_runtime::{CancelToken, Stage};
use cartage_test_support::TempPipeline;

/// Set in the process that [`a_lock_names_its_owner_and_ends_with_the_process`] starts and kills.
const HOLD_IN: &str = "CARTAGE_TEST_HOLD_LOCK_IN";

#[test]
fn a_lock_names_its_owner_and_ends_with_the_process() {
    if let Some(dir) = std::env::var_os(HOLD_IN) {
        return hold_until_killed(dir.as_ref());
    }
    let pipeline = TempPipeline::new();
    let name = "locks::a_lock_names_its_owner_and_ends_with_the_process";
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(HOLD_IN, pipeline.store.dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("locked")), "the holder has the lock");

    let error = pipeline.store.lock(Stage::Load, Wait::Fail).unwrap_err();
    let LockError::Held { what, owner: Some(owner), .. } = &error else { panic!("{error}") };
    assert_eq!((what.as_str(), owner.pid), ("load", holder.id()));
    assert!(error.to_string().contains(&holder.id().to_string()), "{error}");
    drop(pipeline.store.lock(Stage::Normalize, Wait::Fail).unwrap());

    holder.kill().unwrap();
    holder.wait().unwrap();
    let file = pipeline.store.dir().join("locks/load.lock");
    assert_ne!(std::fs::metadata(&file).unwrap().len(), 0, "the name of the dead owner is still there");
    drop(pipeline.store.lock(Stage::Load, Wait::Block(Some(Duration::from_secs(10)))).unwrap());
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 0, "a lock given back names nobody");
}

fn hold_until_killed(dir: &std::path::Path) {
    let store = PackageStore::open_existing(dir, "test", StoreOptions::default()).unwrap();
    let _lock = store.lock(Stage::Load, Wait::Fail).unwrap();
    #[expect(clippy::print_stdout, reason = "the other process waits for this line")]
    {
        println!("locked");
    }
    drop(std::io::stdin().read(&mut [0]));
}

#[test]
fn waiting_ends_when_the_lock_is_free_the_time_is_over_or_the_user_cancels() {
    let pipeline = TempPipeline::new();
    let store = &pipeline.store;
    let held = store.lock(Stage::Extract, Wait::Fail).unwrap();
    let clone = held.clone();
    drop(held);
    let over = store.lock(Stage::Extract, Wait::Block(Some(Duration::from_millis(20)))).unwrap_err();
    assert!(matches!(over, LockError::Held { .. }), "a clone of the lock holds it: {over}");

    let cancel = CancelToken::default();
    cancel.cancel();
    let options = StoreOptions { cancel, ..StoreOptions::default() };
    let cancelled = PackageStore::open(store.dir(), "test", options).unwrap();
    let error = cancelled.lock(Stage::Extract, Wait::Block(None)).unwrap_err();
    assert!(matches!(error, LockError::Cancelled { .. }), "{error}");

    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| store.lock(Stage::Extract, Wait::Block(None)).map(drop));
        drop(clone);
        waiter.join().unwrap().unwrap();
    });
}

#[test]
fn the_lock_of_a_run_leaves_the_stages_free() {
    let pipeline = TempPipeline::new();
    let run = pipeline.store.lock_run(Wait::Fail).unwrap();
    assert!(
        matches!(pipeline.store.lock_run(Wait::Fail), Err(LockError::Held { what, .. }) if what == "run")
    );
    drop(pipeline.store.lock(Stage::Extract, Wait::Fail).unwrap());
    drop(run);
    drop(pipeline.store.lock_run(Wait::Fail).unwrap());
}
