//! What a dataset holds: names, formats, what dispositions leave, and dlt's own files.

use cartage_destinations_api::{
    Codec, DatasetReader, Destination, FileFormat, JobFile, JobOutcome, LoadStatus,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cloud::Cloud;
use super::loads::{Load, files, ids, in_cloud, in_folder};

#[test]
fn files_lie_where_the_layout_says_in_folders_and_buckets() {
    for (settings, expected) in [
        (json!({}), "items/1700000001.5.abc.jsonl"),
        (json!({"layout": "{table_name}/{load_id}/{file_id}"}), "items/1700000001.5/abc.jsonl"),
        (json!({"layout": "{schema_name}/{table_name}/{ext}/{file_id}.{ext}"}), "shop/items/jsonl/abc.jsonl"),
        (json!({"layout": "v1/{table_name}.{file_id}.{ext}"}), "v1/items.abc.jsonl"),
        // The time of the package, which its load id says.
        (
            json!({"layout": "{table_name}/{YYYY}-{MM}-{DD}T{HH}/{file_id}.{ext}"}),
            "items/2023-11-14T22/abc.jsonl",
        ),
        (json!({"layout": "{table_name}/{timestamp_ms}.{ext}"}), "items/1700000001500.jsonl"),
        (
            json!({"layout": "{table_name}/{YYYY}/{load_package_timestamp}.{ext}", "current_datetime": "2020-02-29"}),
            "items/2020/1700000001.jsonl",
        ),
        (
            json!({"layout": "{table_name}/{owner}/{n}/{file_id}.{ext}", "extra_placeholders": {"owner": "me", "n": 7}}),
            "items/me/7/abc.jsonl",
        ),
    ] {
        let load = Load::new(1).with("items", "abc", &[1]);
        let (cloud, folder) = (Cloud::new(), TempDir::new().unwrap());
        load.run(&in_cloud(&cloud, &settings)).unwrap();
        load.run(&in_folder(&folder, &settings)).unwrap();
        assert!(cloud.names().iter().any(|name| name == expected), "{expected} {:?}", cloud.names());
        assert_eq!(files(&folder.path().join("raw")), cloud.names(), "{settings}");
    }
}

#[test]
fn formats_and_codecs_give_names_their_endings() {
    for (format, codec, ending) in [
        (FileFormat::Jsonl, None, "jsonl"),
        (FileFormat::Jsonl, Some(Codec::Gz), "jsonl.gz"),
        (FileFormat::Csv, Some(Codec::Gz), "csv.gz"),
        (FileFormat::Csv, None, "csv"),
        (FileFormat::Parquet, None, "parquet"),
    ] {
        let (cloud, folder) = (Cloud::new(), TempDir::new().unwrap());
        let destination = in_cloud(&cloud, &json!({}));
        let load = Load::new(1);
        destination.prepare_load(&load.plan).unwrap();
        let path = folder.path().join("any");
        std::fs::write(&path, "bytes").unwrap();
        let job = JobFile::new("items.abc.x", "items", path, format).with_codec(codec).with_size(3, 5);
        let outcome = destination.open_job(&load.plan, &job).unwrap().run().unwrap();
        assert_eq!(outcome, JobOutcome::Done { rows: 3 });
        let name = format!("items/1700000001.5.abc.{ending}");
        let found = cloud.content().into_iter().find(|(found, _)| *found == name);
        assert_eq!(found.expect(&name).1, "bytes", "they are copied as they are");
    }
}

#[test]
fn appends_add_files_and_replaces_and_refreshes_leave_the_new_ones() {
    for (second, items, old) in [
        (Load::new(2).with("items", "b", &[2]), vec![1, 2], vec![9]),
        (Load::new(2).with("items", "b", &[2]).truncating("items"), vec![2], vec![9]),
        (Load::new(2).truncating("items"), vec![], vec![9]),
        (Load::new(2).with("items", "b", &[2]).dropping("items"), vec![2], vec![9]),
        (Load::new(2).dropping("items").dropping("items_old"), vec![], vec![]),
    ] {
        let first = Load::new(1).with("items", "a", &[1]).with("items_old", "z", &[9]);
        let cloud = Cloud::new();
        let destination = in_cloud(&cloud, &json!({}));
        first.run(&destination).unwrap();
        second.run(&destination).unwrap();
        assert_eq!((ids(&cloud, "items"), ids(&cloud, "items_old")), (items, old), "{:?}", second.plan);
        let versions = cloud.names().into_iter().filter(|name| name.starts_with("_dlt_version/")).count();
        assert_eq!(versions, 1, "of one schema, also behind a refresh that forgot the others");
    }
}

#[test]
fn a_table_is_emptied_once_per_load_and_only_it() {
    let settings = json!({"layout": "{table_name}_{file_id}.{ext}", "warn_unsafe_layout_separators": false});
    let cloud = Cloud::new();
    let destination = in_cloud(&cloud, &settings);
    Load::new(1).with("items", "a", &[1]).with("items_old", "b", &[2]).run(&destination).unwrap();
    let second = Load::new(2).with("items", "c", &[3]).truncating("items");
    destination.prepare_load(&second.plan).unwrap();
    second.job(&destination, 0).unwrap();
    // The process ends here; the next one begins the same load again.
    destination.prepare_load(&second.plan).unwrap();
    destination.complete_load(&second.commit()).unwrap();
    let items: Vec<_> = cloud.names().into_iter().filter(|name| name.starts_with("items")).collect();
    assert_eq!(items, ["items_c.jsonl", "items_old_b.jsonl"]);
}

#[test]
fn a_job_that_is_repeated_finds_its_file_and_a_stranger_is_refused() {
    let cloud = Cloud::new();
    let destination = in_cloud(&cloud, &json!({"layout": "{table_name}/data.{ext}"}));
    let load = Load::new(1).with("items", "a", &[1]).with("items", "b", &[2]);
    destination.prepare_load(&load.plan).unwrap();
    assert_eq!(load.job(&destination, 0).unwrap(), JobOutcome::Done { rows: 1 });
    assert_eq!(load.job(&destination, 0).unwrap(), JobOutcome::DoneBefore);
    let error = load.job(&destination, 1).unwrap_err();
    assert!(error.to_string().contains("s3://lake/raw/items/data.jsonl already exists"), "{error}");
    assert!(error.remedy().unwrap().contains("{load_id} and {file_id}"));
    assert_eq!(ids(&cloud, "items"), [1], "what is there is not replaced");
}

#[test]
fn dlts_own_files_say_what_was_loaded() {
    let cloud = Cloud::new();
    let load = Load::new(1).with("items", "a", &[1]).with_state(1);
    load.run(&in_cloud(&cloud, &json!({}))).unwrap();
    let hash = load.plan.schema.version_hash.clone().unwrap();
    let content = cloud.content();
    let folders: Vec<&str> = content.iter().map(|(name, _)| name.split('/').next().unwrap()).collect();
    assert_eq!(folders, ["_dlt_loads", "_dlt_pipeline_state", "_dlt_version", "init", "items"]);
    let row = |nth: usize| serde_json::from_str::<Value>(&content[nth].1).unwrap();
    assert_eq!(content[0].0, "_dlt_loads/shop__1700000001.5.jsonl");
    let loaded = json!({
        "load_id": "1700000001.5", "schema_name": "shop", "status": 0,
        "inserted_at": "2023-11-14T22:13:21.000001+00:00", "schema_version_hash": hash,
    });
    assert_eq!(row(0), loaded);
    assert!(content[1].0.starts_with("_dlt_pipeline_state/shop__1700000001.5__"), "{}", content[1].0);
    let state = json!({
        "version": 1, "engine_version": 4, "pipeline_name": "shop", "state": "state 1",
        "created_at": "2023-11-14T22:13:20.000000+00:00", "version_hash": "hash 1", "_dlt_load_id": "1700000001.5",
    });
    assert_eq!(row(1), state, "the columns that dlt has, and no others");
    assert!(content[2].0.starts_with("_dlt_version/shop__1700000001.000000__"), "{}", content[2].0);
    let version = row(2);
    assert_eq!((&version["version_hash"], &version["schema_name"]), (&json!(hash), &json!("shop")));
    assert_eq!(version["schema"], json!(load.plan.schema.to_json()));
    assert_eq!(row(3), json!({"initial_version": 2, "current_version": 2}));
}

#[test]
fn a_load_is_new_then_started_then_complete() {
    let cloud = Cloud::new();
    let destination = in_cloud(&cloud, &json!({}));
    let load = Load::new(1).with("items", "a", &[1]);
    let status = || destination.load_status(&load.plan.key).unwrap();
    assert_eq!(status(), LoadStatus::New);
    let made = destination.prepare_load(&load.plan).unwrap();
    assert_eq!(made.created, ["_dlt_version", "_dlt_loads", "_dlt_pipeline_state", "items", "items_old"]);
    assert_eq!(status(), LoadStatus::Started);
    assert_eq!(destination.loads_in_flight().unwrap().len(), 1);
    load.job(&destination, 0).unwrap();
    destination.complete_load(&load.commit()).unwrap();
    assert_eq!(status(), LoadStatus::Complete);
    let before = cloud.content();
    let mut later = load.commit();
    later.now_micros += 1_000_000;
    destination.complete_load(&later).unwrap();
    assert_eq!(cloud.content(), before, "a load is recorded once");
    assert_eq!(destination.loads_in_flight().unwrap(), []);
}

#[test]
fn new_tables_and_columns_are_told() {
    use cartage_schema::{Column, DataType};
    let cloud = Cloud::new();
    let destination = in_cloud(&cloud, &json!({}));
    Load::of_tables(1, &["items"]).run(&destination).unwrap();
    let mut second = Load::of_tables(2, &["items", "more"]);
    let mut schema = (*second.plan.schema).clone();
    let items = schema.tables.shift_remove("items").unwrap();
    let items = items.with_column(Column::typed("name", DataType::Text, true));
    schema.tables.insert("items".to_owned(), items);
    schema.bump();
    second.plan.schema_document = schema.to_json().into();
    second.plan.schema = schema.into();
    let made = destination.prepare_load(&second.plan).unwrap();
    assert_eq!(
        (made.created, made.added),
        (vec!["more".to_owned()], vec![("items".to_owned(), "name".to_owned())])
    );
    let columns = destination.columns("items").unwrap();
    assert_eq!(columns, [("id", "bigint"), ("name", "text")].map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn rows_are_read_back_from_every_format() {
    let folder = TempDir::new().unwrap();
    let destination = in_folder(&folder, &json!({}));
    let load = Load::new(1).with("items", "a", &[1, 2]);
    load.run(&destination).unwrap();
    let items = folder.path().join("raw/items");
    std::fs::write(items.join("1700000001.5.b.csv"), "id,other\n3,x\n,y\n").unwrap();
    std::fs::write(items.join("notes.txt"), "no rows").unwrap();
    let mut rows = destination.rows("items").unwrap();
    rows.sort();
    assert_eq!(rows, [None, Some("1"), Some("2"), Some("3")].map(|id| vec![id.map(str::to_owned)]));
    assert_eq!(destination.count("items").unwrap(), 4);
    assert_eq!(destination.tables().unwrap()[3..], ["items", "items_old"]);
    let error = destination.count("nothing").unwrap_err();
    assert!(error.to_string().contains("no table nothing in dataset raw"), "{error}");
}
