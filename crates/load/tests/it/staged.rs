//! A staging place in front of a destination that reads files from there by itself.

use std::sync::Mutex;

use cartage_destinations_api::{Error, ErrorKind, FileFormat, WithStaging};
use cartage_destinations_null::{Memory, MemoryPlace, Moment};
use cartage_load::LoadSettings;
use cartage_test_support::runtime;

use crate::shop::{Delivery, Shop, settings};
use crate::spy::{Call, Spy, When};

fn shop() -> (Shop, MemoryPlace) {
    let place = MemoryPlace::default();
    (Shop::with(Memory::new().reading(&place)), place)
}

#[test]
fn files_are_put_once_read_from_their_address_and_removed_with_the_commit() {
    let (shop, place) = shop();
    let load_id = shop.deliver(Delivery { tags: &[&["a"]], ..Delivery::append(1, &[&[1], &[2]]) });
    let during = Mutex::new(Vec::new());
    let spy = Spy::new(&shop.memory, |when, call| {
        if when == When::After && *call == Call::Complete {
            *during.lock().unwrap() = place.files();
        }
        Ok(())
    });
    shop.load_with(&load_id, &*shop.staged(spy, &|_| true), &settings(), &runtime()).unwrap();

    assert_eq!((shop.values("items", "id"), place.reads()), (vec!["1".into(), "2".into()], 4));
    let names: Vec<String> = ["_dlt_pipeline_state", "items", "items", "items__tags"]
        .into_iter()
        .zip([0, 0, 1, 0])
        .map(|(table, nth)| format!("memory://test/{load_id}/{table}/{table}.{nth:010}.jsonl"))
        .collect();
    assert_eq!(*during.lock().unwrap(), names, "until the commit");
    assert_eq!(place.files(), Vec::<String>::new());
    assert_eq!(place.puts().into_values().collect::<Vec<_>>(), [1; 4]);
}

#[test]
fn a_file_stays_while_its_job_runs_and_is_not_put_again_when_it_is_asked_about() {
    let place = MemoryPlace::default();
    let shop = Shop::with(Memory::new().reading(&place).running(3));
    let load_id = shop.deliver(Delivery::append(1, &[&[1], &[2]]));
    let ended = place.clone();
    shop.memory.interfere(move |moment, entry| {
        let id = entry.trim_start_matches("job:");
        let is_there = ended.files().iter().any(|file| file.ends_with(id));
        if moment == Moment::Ended && !is_there {
            return Err(Error::terminal(format!("{id} is gone")));
        }
        Ok(())
    });
    let steps = Mutex::new(0);
    let lives = |step: &str| {
        *steps.lock().unwrap() += u32::from(step == "put");
        true
    };
    let spy = Spy::new(&shop.memory, |_, _| Ok(()));
    shop.load_with(&load_id, &*shop.staged(spy, &lives), &settings(), &runtime()).unwrap();
    assert_eq!(shop.values("items", "id"), ["1", "2"]);
    assert_eq!(*steps.lock().unwrap(), 2 * 3, "before and after each of three files");
    assert_eq!(place.files(), Vec::<String>::new());
}

#[test]
fn files_of_a_load_that_was_taken_over_go_with_the_next_one() {
    let (shop, place) = shop();
    let first = shop.deliver(Delivery::append(1, &[&[1], &[2]]));
    let refusing = Spy::new(&shop.memory, |when, call| {
        let fails = when == When::Before && *call == Call::Job("items".to_owned());
        if fails { Err(Error::terminal("a value does not fit")) } else { Ok(()) }
    });
    shop.load_with(&first, &*shop.staged(refusing, &|_| true), &settings(), &runtime()).unwrap_err();
    assert!(place.files().iter().any(|file| file.contains(first.as_str())), "{:?}", place.files());

    // Another machine that runs the same pipeline.
    let second = shop.deliver(Delivery::append(2, &[&[3]]));
    let unchecked = LoadSettings { check_state: false, ..settings() };
    let seen = Mutex::new(Vec::new());
    let spy = Spy::new(&shop.memory, |when, call| {
        if when == When::After && *call == Call::Complete {
            *seen.lock().unwrap() = place.files();
        }
        Ok(())
    });
    shop.load_with(&second, &*shop.staged(spy, &|_| true), &unchecked, &runtime()).unwrap();
    let seen = seen.lock().unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|file| file.contains(second.as_str())), "{seen:?}");
    assert_eq!((shop.values("items", "id"), place.files()), (vec!["3".to_owned()], Vec::new()));
}

#[test]
fn an_engine_that_reads_no_such_addresses_is_handed_the_file_of_the_package() {
    let (shop, place) = shop();
    let load_id = shop.deliver(Delivery::append(1, &[&[1], &[2]]));
    let spy = Spy::new(&shop.memory, |_, _| Ok(()))
        .with_capabilities(|can| can.files.staging_schemes = vec!["s3".to_owned()]);
    shop.load_with(&load_id, &*shop.staged(spy, &|_| true), &settings(), &runtime()).unwrap();
    assert_eq!((shop.values("items", "id"), place.reads()), (vec!["1".into(), "2".into()], 0));
    assert_eq!(place.puts().len(), 3, "the place has them nevertheless");
}

#[test]
fn a_destination_that_loads_no_staged_files_is_refused_with_a_remedy() {
    let error = WithStaging::new(Box::new(Memory::new()), Box::new(MemoryPlace::default())).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("memory"), "{error}");
    assert_eq!(error.remedy(), Some("leave 'staging' out of [pipeline]"));
}

#[test]
fn a_format_that_is_not_loaded_from_a_place_is_refused_before_it_is_put_there() {
    let (shop, place) = shop();
    let load_id = shop.deliver(Delivery::append(1, &[&[1]]));
    let spy = Spy::new(&shop.memory, |_, _| Ok(()))
        .with_capabilities(|can| can.files.staging_formats = vec![FileFormat::Parquet]);
    let error = shop.load_with(&load_id, &*shop.staged(spy, &|_| true), &settings(), &runtime()).unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Invalid), "{error:?}");
    assert!(place.puts().is_empty());
}
