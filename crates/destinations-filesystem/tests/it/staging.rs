//! A folder or bucket as the staging place in front of a database.

use std::path::Path;

use cartage_destinations_api::{
    ConnectRequest, Destination, ErrorKind, LoadCommit, Settings, StagedAccess, StagingPlace,
};
use cartage_destinations_filesystem::{Filesystem, with_staging};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bucket::fresh_bucket;
use crate::support::{connect, job, plan};

/// Job files, and the folder of a place with these settings.
fn folder(settings: Value) -> (TempDir, Filesystem) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let mut settings = settings;
    settings["bucket_url"] = json!(folder.path().join("sta ge").display().to_string());
    (folder, connect(&settings))
}

#[test]
fn a_file_of_a_folder_has_a_path_and_an_address_and_is_put_once() {
    let (jobs, place) = folder(json!({}));
    let plan = plan("1700000000.5");
    let first = job(jobs.path(), "items", "a", b"{\"id\":1}\n");
    place.begin(&plan).unwrap();
    let placed = place.locate(&plan, &first).unwrap();
    let path = placed.local.clone().unwrap();
    assert!(!path.exists(), "nothing is put by asking where it will be");
    place.put(&plan, &first).unwrap();
    place.put(&plan, &first).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"{\"id\":1}\n");
    assert_eq!((place.scheme(), &placed.access), ("file", &StagedAccess::Own));
    let encoded = path.display().to_string().replace(' ', "%20");
    assert_eq!(placed.url, format!("file://{encoded}"));
    assert_eq!(place.locate(&plan, &first).unwrap(), placed);

    let other = job(jobs.path(), "items", "a", b"{\"id\":2}\n");
    assert_eq!(place.put(&plan, &other).unwrap_err().kind(), ErrorKind::Terminal);
    assert_eq!(std::fs::read(&path).unwrap(), b"{\"id\":1}\n");
}

/// Puts one file in a load of this id and gives its path.
fn put(place: &Filesystem, jobs: &Path, load_id: &str) -> std::path::PathBuf {
    let plan = plan(load_id);
    let file = job(jobs, "items", "a", b"{\"id\":1}\n");
    place.begin(&plan).expect("a load can begin");
    place.put(&plan, &file).expect("a file can be put");
    place.locate(&plan, &file).expect("it has an address").local.expect("it is in a folder")
}

#[test]
fn files_go_with_their_load_or_with_the_next_one() {
    for (settings, after_end, after_next) in [
        (json!({}), true, false),
        (json!({"truncate_tables_on_staging_destination_before_load": false}), true, true),
        (json!({"keep_staged_files": false}), false, false),
    ] {
        let (jobs, place) = folder(settings.clone());
        let path = put(&place, jobs.path(), "1700000000.5");
        let done = plan("1700000000.5");
        place.end(&LoadCommit::of(&done, done.now_micros + 1));
        assert_eq!(path.exists(), after_end, "{settings}");
        place.begin(&plan("1700000001.5")).unwrap();
        assert_eq!(path.exists(), after_next, "{settings}");
    }
}

#[test]
fn files_of_a_load_that_was_taken_over_go_with_the_next_one() {
    for settings in [
        json!({}),
        json!({"keep_staged_files": false, "truncate_tables_on_staging_destination_before_load": false}),
    ] {
        let (jobs, place) = folder(settings.clone());
        let left = put(&place, jobs.path(), "1700000000.5");
        let own = put(&place, jobs.path(), "1700000001.5");
        assert_eq!((left.exists(), own.exists()), (false, true), "{settings}");
        assert_eq!(place.loads_in_flight().unwrap().len(), 1);
        // The load is begun once more after a crash.
        place.begin(&plan("1700000001.5")).unwrap();
        assert!(own.exists(), "{settings}");
    }
}

#[test]
fn a_destination_that_loads_no_staged_files_is_refused() {
    let (_jobs, files) = folder(json!({}));
    let settings = Settings::new(json!({"bucket_url": "stage"}).as_object().unwrap().clone());
    let request = ConnectRequest::new("filesystem", "shop", "raw").with_settings(settings);
    let error = with_staging(&request, Box::new(files)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.remedy(), Some("leave 'staging' out of [pipeline]"));
}

#[test]
fn a_file_of_a_bucket_has_an_address_and_the_keys_to_it() {
    let jobs = TempDir::new().unwrap();
    let mut settings = fresh_bucket();
    settings["keep_staged_files"] = json!(false);
    let place = connect(&settings);
    let plan = plan("1700000000.5");
    let file = job(jobs.path(), "items", "a", b"{\"id\":1}\n");
    place.begin(&plan).unwrap();
    place.put(&plan, &file).unwrap();
    place.put(&plan, &file).unwrap();
    let placed = place.locate(&plan, &file).unwrap();
    let root = settings["bucket_url"].as_str().unwrap();
    assert!(placed.url.starts_with(&format!("{root}/raw/items/")), "{}", placed.url);
    assert_eq!((place.scheme(), &placed.local), ("s3", &None));
    let StagedAccess::Keys(keys) = &placed.access else { panic!("no keys in {placed:?}") };
    assert_eq!(keys["aws_secret_access_key"].expose(), "hush-s3cret");
    assert!(!format!("{placed:?}").contains("hush"), "{placed:?}");
    let other = job(jobs.path(), "items", "a", b"{\"id\":2}\n");
    assert_eq!(place.put(&plan, &other).unwrap_err().kind(), ErrorKind::Terminal, "the first file is there");
    place.end(&LoadCommit::of(&plan, plan.now_micros + 1));
    place.begin(&plan).unwrap();
    place.put(&plan, &other).expect("the first file is gone");
}
