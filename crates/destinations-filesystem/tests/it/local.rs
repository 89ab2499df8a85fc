//! A folder: what is written when, and what an attempt that ended early leaves.

use std::fs;
use std::path::Path;

use cartage_destinations_api::{Destination, ErrorKind};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{commit, connect, job, plan, run};

/// Names of all files below a folder, in order.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                open.push(entry);
            } else {
                found.push(entry.strip_prefix(folder).expect("below").to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_dataset_holds_the_files_of_dlt_and_no_others() {
    let (lake, jobs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let destination = connect(&json!({"bucket_url": lake.path()}));
    let plan = plan("1700000000.5");
    destination.prepare_load(&plan).unwrap();
    run(&destination, &plan, &job(jobs.path(), "items", "abc", b"{\"id\":1}\n")).unwrap();
    commit(&destination, &plan);
    let found = files(&lake.path().join("raw"));
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(found[0], "_dlt_loads/shop__1700000000.5.jsonl");
    assert!(found[1].starts_with("_dlt_version/shop__1700000000.000000__"), "{found:?}");
    assert_eq!(found[2..], ["init", "items/1700000000.5.abc.jsonl"]);
    let init = fs::read_to_string(lake.path().join("raw/init")).unwrap();
    assert_eq!(init, r#"{"initial_version":2,"current_version":2}"#);
}

#[test]
fn what_a_killed_attempt_left_on_its_way_is_removed_by_the_commit() {
    let lake = TempDir::new().unwrap();
    let destination = connect(&json!({"bucket_url": lake.path()}));
    let plan = plan("1700000000.5");
    destination.prepare_load(&plan).unwrap();
    let scratch = lake.path().join("raw/_cartage/tmp/shop");
    fs::create_dir_all(&scratch).unwrap();
    fs::write(scratch.join("4711.0"), b"half of a fi").unwrap();
    commit(&destination, &plan);
    assert!(!lake.path().join("raw/_cartage").exists(), "{:?}", files(lake.path()));
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_a_remedy() {
    let lake = TempDir::new().unwrap();
    fs::write(lake.path().join("raw"), b"a file where the dataset should be").unwrap();
    let destination = connect(&json!({"bucket_url": lake.path()}));
    let error = destination.prepare_load(&plan("1700000000.5")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("raw"), "{error}");
    assert!(error.remedy().is_some());
}
