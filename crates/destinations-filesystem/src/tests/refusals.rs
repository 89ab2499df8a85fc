//! What is refused: settings, files that are not what they should be, places that cannot be used.

use std::fs;

use cartage_destinations_api::{
    ConnectRequest, Destination, Error, ErrorKind, FileFormat, JobFile, StateSync, check_connection,
};
use serde_json::json;
use tempfile::TempDir;

use super::cloud::Cloud;
use super::loads::{Load, in_cloud, in_folder, request};
use crate::Filesystem;
use crate::config::Config;

fn says(error: &Error, words: &[&str]) {
    let text = format!("{error} {}", error.remedy().unwrap_or_default());
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

#[test]
fn settings_that_cannot_be_are_named_with_a_remedy() {
    for (settings, words) in [
        (json!({"bucket_url": null}), &["'bucket_url' is missing", "s3://bucket/folder"][..]),
        (
            json!({"bucket_url": "sftp://host/x"}),
            &["bucket_url", "begins with sftp://", "s3://, gs:// or az://"],
        ),
        (json!({"bucket_url": "s3://"}), &["bucket_url", "names no bucket"]),
        (json!({"bucket_url": "s3:///x"}), &["names no bucket"]),
        (
            json!({"layout": "{table_name}/{colour}.{ext}"}),
            &["unknown placeholder {colour}", "'extra_placeholders'"],
        ),
        (
            json!({"layout": "{file_id}.{ext}"}),
            &["does not hold {table_name}", "begin it with {table_name}/"],
        ),
        (
            json!({"layout": "{load_id}/{table_name}/x"}),
            &["before {table_name}", "put it behind {table_name}"],
        ),
        (json!({"layout": "{table_name}{file_id}"}), &["nothing that ends {table_name}", "put a /"]),
        (json!({"layout": "{table_name}/{file_id"}), &["has a { without }"]),
        (
            json!({"current_datetime": "tomorrow"}),
            &["'tomorrow' is not a date or time", "2024-12-31T23:59:59Z"],
        ),
        (json!({"layuot": "x"}), &["layuot", "layout"]),
        (json!({"multipart_size": 0}), &["multipart_size"]),
        (json!({"max_parallel_load_jobs": 0}), &["max_parallel_load_jobs"]),
    ] {
        let mut settings = settings;
        if settings["bucket_url"].is_null() && settings.get("bucket_url").is_none() {
            settings["bucket_url"] = "s3://lake".into();
        }
        let mut table = settings.as_object().unwrap().clone();
        table.retain(|_, value| !value.is_null());
        let settings = cartage_destinations_api::Settings::new(table);
        let request = ConnectRequest::new("filesystem", "shop", "raw").with_settings(settings);
        let error = Config::read(&request).expect_err("it cannot be");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        says(&error, words);
    }
}

#[test]
fn names_that_are_no_folders_are_refused() {
    for (pipeline, dataset, what) in [
        ("shop", "", "dataset"),
        ("shop", "a/b", "dataset"),
        ("shop", "..", "dataset"),
        ("shop", "a\\b", "dataset"),
        ("..", "raw", "pipeline"),
        ("a/b", "raw", "pipeline"),
    ] {
        let settings = request(&json!({})).settings.clone();
        let request = ConnectRequest::new("filesystem", pipeline, dataset).with_settings(settings);
        let error = Config::read(&request).expect_err("no folder can be called so");
        says(&error, &[&format!("the {what} is called"), "letters, digits and underscores"]);
    }
}

#[test]
fn values_of_placeholders_do_not_lead_out_of_the_dataset() {
    for extra in ["..", "", ".", "../../etc", "a/../../b", "a\\..\\b"] {
        let (folder, load) = (TempDir::new().unwrap(), Load::new(1).with("items", "a", &[1]));
        let settings =
            json!({"layout": "{table_name}/{where}/{file_id}.{ext}", "extra_placeholders": {"where": extra}});
        let error = load.run(&in_folder(&folder, &settings)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{extra:?}: {error}");
        says(&error, &["makes the file name", "leave empty steps and dots out"]);
    }
}

#[test]
fn jobs_that_the_plan_does_not_know_are_refused() {
    let cloud = Cloud::new();
    let destination = in_cloud(&cloud, &json!({}));
    let load = Load::new(1);
    destination.prepare_load(&load.plan).unwrap();
    let before = cloud.content();
    let job = JobFile::new("other.a.jsonl", "other", "/nowhere", FileFormat::Jsonl);
    let error = destination.open_job(&load.plan, &job).err().expect("no such table");
    says(&error, &["table other is not part of load 1700000001.5"]);
    let job = JobFile::new("items.a.jsonl", "items", "/nowhere/items.a.jsonl", FileFormat::Jsonl);
    let error = destination.open_job(&load.plan, &job).unwrap().run().unwrap_err();
    says(&error, &["cannot read /nowhere/items.a.jsonl"]);
    assert_eq!(cloud.content(), before);
}

#[test]
fn damaged_files_of_dlt_are_named() {
    let damaged = |name: &str, text: &str| {
        let cloud = Cloud::new();
        Load::new(1).with_state(1).run(&in_cloud(&cloud, &json!({}))).unwrap();
        let name = cloud.names().into_iter().find(|found| found.starts_with(name)).expect("a file of dlt");
        cloud.put(&name, text);
        (in_cloud(&cloud, &json!({})), format!("s3://lake/raw/{name}"))
    };
    let next = || {
        let mut load = Load::of_tables(2, &["items", "more"]);
        load.plan.base = cartage_destinations_api::BaseState::Unchecked;
        load
    };
    for (text, kind, words) in [
        ("not json", ErrorKind::Corrupt, &["is not what dlt writes", "restore the file"][..]),
        ("{\"initial_version\": 2}", ErrorKind::Corrupt, &["is not what dlt writes"]),
        (
            r#"{"initial_version":2,"current_version":3}"#,
            ErrorKind::Invalid,
            &["says version 3", "this program knows 2", "use the program that wrote the dataset"],
        ),
    ] {
        let (destination, place) = damaged("init", text);
        let error = destination.prepare_load(&next().plan).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        says(&error, words);
        says(&error, &[&place]);
    }
    let (destination, place) = damaged("_dlt_pipeline_state", "{");
    says(
        &destination.newest_state("shop").unwrap_err(),
        &[&place, "cannot be read", "restore the file, or remove it"],
    );
    let (destination, place) = damaged("_dlt_pipeline_state", "{\"version\": 1}");
    says(&destination.newest_state("shop").unwrap_err(), &[&place, "holds no state"]);
    let (destination, place) = damaged("_dlt_version", "[]");
    says(&destination.newest_schema("shop").unwrap_err(), &[&place, "cannot be read"]);
    let row = json!({"version_hash": "x", "schema_name": "shop", "version": 1, "schema": "no schema"});
    let (destination, place) = damaged("_dlt_version", &row.to_string());
    let error = destination.prepare_load(&next().plan).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    says(&error, &[&place, "holds no schema"]);
}

#[test]
fn what_is_in_the_way_in_a_folder_is_named_with_a_remedy() {
    let in_the_way = |name: &str| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("raw").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "a file where a folder should be").unwrap();
        let load = Load::new(1).with("items", "a", &[1]);
        (load.run(&in_folder(&folder, &json!({}))).unwrap_err(), path)
    };
    for name in ["items", "_dlt_loads", "_dlt_version", "_cartage"] {
        let (error, path) = in_the_way(name);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{name}: {error}");
        says(&error, &[path.to_str().unwrap(), "move away what is in the way", "'bucket_url'"]);
    }
}

#[test]
fn halves_of_files_do_not_stay_in_a_folder() {
    let folder = TempDir::new().unwrap();
    let destination = in_folder(&folder, &json!({}));
    let load = Load::new(1).with("items", "a", &[1]);
    destination.prepare_load(&load.plan).unwrap();
    // The file of the package cannot be read to its end: it is a folder.
    let job = JobFile::new("items.b.jsonl", "items", folder.path(), FileFormat::Jsonl);
    assert!(destination.open_job(&load.plan, &job).unwrap().run().is_err());
    let names = super::loads::files(&folder.path().join("raw"));
    assert!(!names.iter().any(|name| name.starts_with("items/") || name.contains("tmp")), "{names:?}");
}

#[test]
fn a_check_finds_what_a_load_would_find_and_leaves_nothing_behind() {
    let details = |destination: &Filesystem| {
        let checked = check_connection(destination);
        assert!(checked.failure.is_none(), "{checked:?}");
        checked
            .steps
            .iter()
            .map(|step| format!("{}: {}", step.needs, step.detail))
            .collect::<Vec<_>>()
            .join("; ")
    };
    let cloud = Cloud::new();
    for conditional in [true, false] {
        let found = details(&in_cloud(&cloud, &json!({"conditional_put": conditional})));
        assert!(
            found.contains("list: s3://lake holds 0 files") && found.contains("are never written twice"),
            "{found}"
        );
        assert_eq!(cloud.names(), [""; 0]);
    }

    let folder = TempDir::new().unwrap();
    let found = details(&in_folder(&folder, &json!({})));
    assert!(found.contains("is not there yet and can be made"), "{found}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::create_dir(folder.path().join("raw")).unwrap();
    let found = details(&in_folder(&folder, &json!({})));
    assert!(found.contains("files can be made in"), "{found}");
    assert_eq!(fs::read_dir(folder.path().join("raw")).unwrap().count(), 0);

    for number in 1..=7 {
        let broken = Cloud::new().failing_at(number, super::cloud::Fault::Dead);
        let checked = check_connection(&in_cloud(&broken, &json!({})));
        let error = checked.failure.expect("one of the steps fails");
        assert_eq!(error.kind(), ErrorKind::Transient, "operation {number}: {error}");
        says(&error, &["s3://lake"]);
    }
}

#[test]
fn descriptions_name_the_place_without_secrets() {
    let secret = json!({"credentials": {"aws_access_key_id": "me", "aws_secret_access_key": "hush-hush"}});
    let destination = in_cloud(&Cloud::new(), &secret);
    let description = format!("{:?} {destination:?}", destination.description());
    assert!(description.contains("s3://lake") && !description.contains("hush"), "{description}");
}
