//! The process dies at every step of a load; running again gives what an undisturbed load gives.

use std::sync::Arc;

use cartage_destinations_api::Error;
use cartage_destinations_null::{Memory, MemoryPlace, Moment};
use cartage_package_store::FileSystem;
use cartage_schema::WriteDisposition;
use cartage_test_support::{FaultyDisk, Plan, runtime};

use crate::shop::{Delivery, Shop, load_from, reopened, settings};
use crate::spy::Spy;

/// Two packages before, then the one that is disturbed.
fn prepared(last: Delivery<'_>, memory: Memory) -> (Shop, cartage_package_store::LoadId) {
    let shop = Shop::with(memory);
    for number in [1, 2] {
        let tags: &[&[&str]] = &[&["old"]];
        let load_id = shop.deliver(Delivery { tags, ..Delivery::append(number, &[&[number]]) });
        shop.load(&load_id).unwrap();
    }
    let load_id = shop.deliver(last);
    (shop, load_id)
}

/// Lets the load die after `steps` steps: file system and destination stop at the same moment, before or
/// after the effect of a call to the destination. Returns how many steps were tried.
fn load_and_die(shop: &Shop, load_id: &cartage_package_store::LoadId, steps: usize, workers: usize) -> usize {
    let disk = Arc::new(FaultyDisk::new(Plan::CutAfter(steps)));
    let scratch = shop.pipeline.folder().join("step");
    let mortal = Spy::new(&shop.memory, |_, _| {
        disk.write(&scratch, b"").map_err(|cause| Error::corrupt("the process has ended").with_source(cause))
    });
    let (engine_disk, engine_scratch) = (disk.clone(), scratch.clone());
    shop.memory.interfere(move |moment, _| match moment {
        Moment::Ended => Ok(()),
        Moment::Kept | Moment::Submitted => {
            let written = engine_disk.write(&engine_scratch, b"");
            written.map_err(|cause| Error::corrupt("the process has ended").with_source(cause))
        }
    });
    let store = reopened(shop, disk.clone());
    let settings = cartage_load::LoadSettings { workers: workers.try_into().unwrap(), ..settings() };
    let lives = |_: &str| disk.write(&scratch, b"").is_ok();
    let _ = load_from(&store, load_id, &*shop.staged(mortal, &lives), &settings, &runtime());
    shop.memory.interfere(|_, _| Ok(()));
    disk.steps()
}

fn survives_every_crash(last: Delivery<'_>, workers: usize) {
    survives(last, workers, &Memory::new);
}

fn survives(last: Delivery<'_>, workers: usize, memory: &dyn Fn() -> Memory) {
    let (undisturbed, load_id) = prepared(last, memory());
    undisturbed.load(&load_id).unwrap();
    let expected = undisturbed.outcome();

    let mut steps = 0;
    loop {
        let (shop, load_id) = prepared(last, memory());
        let tried = load_and_die(&shop, &load_id, steps, workers);
        let finished = tried <= steps;
        // The second process dies as well, two steps further; the third one lives.
        load_and_die_again(&shop, &load_id, steps + 2, workers);
        if !shop.pipeline.store.list(cartage_package_store::Folder::Normalized).unwrap().is_empty() {
            shop.load(&load_id).unwrap_or_else(|error| panic!("cut after {steps} steps: {error:?}"));
        }
        assert_eq!(shop.outcome(), expected, "cut after {steps} steps");
        let submissions = shop.memory.submissions();
        assert!(submissions.values().all(|count| *count == 1), "cut after {steps} steps: {submissions:?}");
        let left = shop.memory.place().map(MemoryPlace::files).unwrap_or_default();
        assert!(left.is_empty(), "cut after {steps} steps: {left:?}");
        assert_eq!(submissions.len(), undisturbed.memory.submissions().len());
        if finished {
            assert!(steps > 20, "only {steps} steps were tried");
            return;
        }
        steps += 1;
    }
}

fn load_and_die_again(shop: &Shop, load_id: &cartage_package_store::LoadId, steps: usize, workers: usize) {
    if !shop.pipeline.store.list(cartage_package_store::Folder::Normalized).unwrap().is_empty() {
        load_and_die(shop, load_id, steps, workers);
    }
}

const ITEMS: &[&[i64]] = &[&[10, 11], &[12], &[13]];
const TAGS: &[&[&str]] = &[&["new"], &["newer"]];

#[test]
fn append_is_exactly_once_at_every_crash() {
    survives_every_crash(Delivery { tags: TAGS, ..Delivery::append(3, ITEMS) }, 1);
}

#[test]
fn append_is_exactly_once_at_every_crash_with_concurrent_jobs() {
    survives_every_crash(Delivery { tags: TAGS, ..Delivery::append(3, ITEMS) }, 4);
}

#[test]
fn truncate_and_insert_is_exactly_once_at_every_crash() {
    survives_every_crash(Delivery::replace(3, "truncate-and-insert", ITEMS), 1);
}

#[test]
fn insert_from_staging_is_exactly_once_at_every_crash() {
    survives_every_crash(Delivery { tags: TAGS, ..Delivery::replace(3, "insert-from-staging", ITEMS) }, 1);
    survives_every_crash(Delivery::replace(3, "insert-from-staging", ITEMS), 4);
}

#[test]
fn jobs_that_run_at_the_destination_are_submitted_once_at_every_crash() {
    let running = || Memory::new().running(2);
    survives(Delivery::append(3, &[&[10, 11], &[12]]), 1, &running);
    survives(Delivery::append(3, &[&[10, 11], &[12]]), 3, &running);
}

#[test]
fn follow_ups_that_run_at_the_destination_are_submitted_once_at_every_crash() {
    let running = || Memory::new().running(1);
    survives(Delivery::replace(3, "insert-from-staging", &[&[10, 11], &[12]]), 1, &running);
}

#[test]
fn staged_files_are_gone_and_their_rows_there_once_at_every_crash() {
    let staged = || Memory::new().reading(&MemoryPlace::default());
    survives(Delivery { tags: TAGS, ..Delivery::append(3, ITEMS) }, 1, &staged);
    survives(Delivery::replace(3, "insert-from-staging", ITEMS), 4, &staged);
}

#[test]
fn staged_files_of_jobs_that_run_at_the_destination_survive_every_crash() {
    let staged = || Memory::new().reading(&MemoryPlace::default()).running(1);
    survives(Delivery::append(3, &[&[10, 11], &[12]]), 2, &staged);
}

#[test]
fn the_outcomes_differ_by_write_disposition() {
    let loaded = |last: Delivery<'_>| {
        let (shop, load_id) = prepared(last, Memory::new());
        shop.load(&load_id).unwrap();
        (shop.values("items", "id"), shop.values("items__tags", "value"))
    };
    let texts = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        loaded(Delivery { tags: TAGS, ..Delivery::append(3, ITEMS) }),
        (texts(&["1", "10", "11", "12", "13", "2"]), texts(&["new", "newer", "old", "old"]))
    );
    for strategy in ["truncate-and-insert", "insert-from-staging"] {
        let replace = Delivery::replace(3, strategy, ITEMS);
        assert_eq!(replace.disposition, WriteDisposition::Replace);
        assert_eq!(loaded(replace), (texts(&["10", "11", "12", "13"]), texts(&[])), "{strategy}");
        let empty = Delivery::replace(3, strategy, &[&[]]);
        assert_eq!(loaded(empty), (texts(&[]), texts(&[])), "{strategy} by an empty resource");
    }
}
