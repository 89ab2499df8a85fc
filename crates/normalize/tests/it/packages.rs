//! What becomes of packages: documents, empty files, crashes, cancellation.

use cartage_normalize::NormalizeError;
use cartage_package_store::{Folder, JobState, LoadId, Refresh, RefreshTables};
use cartage_runtime::{CancelToken, OnBadRow};
use cartage_schema::{Column, DataType, MergeOrigin, NamingKind, Schema, Table, WriteDisposition};
use cartage_test_support::{files_below, runtime};
use serde_json::{Value, json};

use crate::harness::{Pipeline, Rows};

fn schema(disposition: WriteDisposition) -> Schema {
    let mut schema = Schema::new("test", NamingKind::SnakeCase).unwrap();
    let table = Table { write_disposition: Some(disposition), ..Table::root("items", "items") };
    schema.tables.insert("items".to_owned(), table);
    schema.bump();
    schema
}

#[test]
fn the_package_carries_schema_update_settings_and_parent() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.on_bad_row = Some(OnBadRow::Fail);
    pipeline.settings.others.insert("of_another_version".to_owned(), json!(1));
    let schema = schema(WriteDisposition::Append);
    let load_id = pipeline.extract(&schema, &[Rows::of("items", "{\"id\":1,\"kids\":[1]}\n")]);
    let parent = pipeline.temp.store.open_package(Folder::Extracted, &load_id).unwrap().digest();
    let report = pipeline.normalize(&load_id, None).unwrap();
    assert_eq!(report.new_tables, ["items", "items__kids"]);
    assert_eq!(report.new_columns["items__kids"], ["value", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"]);
    assert_eq!((report.rows["items"], report.input_rows), (1, 1));

    let package = pipeline.package(&load_id);
    package.verify().unwrap();
    assert_eq!(package.manifest().parent, Some(parent));
    assert_eq!(package.manifest().settings, pipeline.settings);
    let update: Value = serde_json::from_str(&package.schema_update_json().unwrap().unwrap()).unwrap();
    assert_eq!(update["items__kids"]["parent"], "items");
    let after = pipeline.schema(&load_id);
    assert_eq!((after.version, after.previous_hashes), (2, vec![schema.version_hash.unwrap()]));
    assert!(after.tables["items"].has_seen_data());
    assert!(pipeline.temp.store.list(Folder::Extracted).unwrap().is_empty());
}

#[test]
fn a_second_package_adds_nothing_that_is_known() {
    let mut pipeline = Pipeline::new();
    let first =
        pipeline.run(&schema(WriteDisposition::Append), &[Rows::of("items", "{\"id\":1}\n")]).unwrap();
    let known = pipeline.schema(&first);
    let second = pipeline.run(&known, &[Rows::of("items", "{\"id\":2}\n")]).unwrap();
    assert_eq!(pipeline.package(&second).schema_update_json().unwrap().unwrap(), "{}");
    assert_eq!(pipeline.schema(&second), known);
}

#[test]
fn hints_of_a_package_are_merged_into_what_was_found_since_it_was_extracted() {
    let mut pipeline = Pipeline::new();
    let start = schema(WriteDisposition::Append);
    let first = pipeline.extract(&start, &[Rows::of("items", "{\"id\":1,\"note\":\"x\"}\n")]);
    let mut hinted = start.clone();
    let hint = Column { description: Some("late".to_owned()), ..Column::new("note") };
    hinted.merge_table(Table::root("items", "items").with_column(hint), MergeOrigin::Resource).unwrap();
    hinted.bump();
    let second = pipeline.extract(&hinted, &[Rows::of("items", "{\"note\":5,\"id\":2}\n")]);

    pipeline.normalize(&first, None).unwrap();
    let base = pipeline.schema(&first);
    pipeline.normalize(&second, Some(base.clone())).unwrap();
    let after = pipeline.schema(&second);
    let note = &after.tables["items"].columns["note"];
    assert_eq!((note.data_type, note.description.as_deref()), (Some(DataType::Text), Some("late")));
    assert_eq!(after.version, base.version + 1);
    assert_eq!(pipeline.tables(&second)["items"].rows[0]["note"], "5");
}

#[test]
fn a_replaced_table_without_rows_gets_an_empty_file_if_it_ever_had_rows() {
    let mut pipeline = Pipeline::new();
    let start = schema(WriteDisposition::Replace);
    let never = pipeline.extract(&start, &[Rows::of("items", "")]);
    assert!(!pipeline.normalize(&never, None).unwrap().published, "nothing to load and nothing to empty");
    assert!(pipeline.temp.store.list(Folder::Extracted).unwrap().is_empty());

    let first = pipeline.run(&start, &[Rows::of("items", "{\"id\":1}\n")]).unwrap();
    let known = pipeline.schema(&first);
    let second = pipeline.run(&known, &[Rows::of("items", "")]).unwrap();
    let package = pipeline.package(&second);
    assert_eq!(package.manifest().files.iter().map(|file| file.rows).collect::<Vec<_>>(), [0]);
    assert_eq!(pipeline.tables(&second)["items"].columns, ["id", "_dlt_load_id", "_dlt_id"]);
}

#[test]
fn a_package_that_only_drops_tables_is_published() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.refresh = Some(RefreshTables {
        mode: Refresh::DropData,
        drop_tables: vec!["items".to_owned()],
        truncate_tables: Vec::new(),
    });
    let load_id = pipeline.extract(&schema(WriteDisposition::Append), &[]);
    assert!(pipeline.normalize(&load_id, None).unwrap().published);
}

#[test]
fn a_crash_between_publishing_and_discarding_is_settled() {
    let (pipeline, load_id) = in_both_folders();
    let before = files_below(pipeline.package(&load_id).path());
    pipeline.normalize(&load_id, None).unwrap();
    assert!(pipeline.temp.store.list(Folder::Extracted).unwrap().is_empty());
    assert!(files_below(pipeline.package(&load_id).path()) == before);
}

#[test]
fn rows_are_not_discarded_for_a_package_that_is_damaged() {
    let (pipeline, load_id) = in_both_folders();
    std::fs::remove_file(pipeline.package(&load_id).path().join("package.json")).unwrap();
    let error = pipeline.normalize(&load_id, None).unwrap_err().to_string();
    assert!(error.contains("package.json"), "{error}");
    assert!(pipeline.temp.store.list(Folder::Extracted).unwrap().contains(&load_id));
}

/// A package that a crash has left in both folders.
fn in_both_folders() -> (Pipeline, LoadId) {
    let mut pipeline = Pipeline::new();
    let load_id = pipeline.extract(&schema(WriteDisposition::Append), &[Rows::of("items", "{\"id\":1}\n")]);
    let extracted = pipeline.temp.store.open_package(Folder::Extracted, &load_id).unwrap().path().to_owned();
    let copy = pipeline.temp.folder().join("copy");
    copy_folder(&extracted, &copy);
    pipeline.normalize(&load_id, None).unwrap();
    copy_folder(&copy, &extracted);
    (pipeline, load_id)
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    for (name, bytes) in files_below(from) {
        let target = to.join(name);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, bytes).unwrap();
    }
}

#[test]
fn a_damaged_package_is_refused() {
    let mut pipeline = Pipeline::new();
    let load_id = pipeline.extract(&schema(WriteDisposition::Append), &[Rows::of("items", "{\"id\":1}\n")]);
    let package = pipeline.temp.store.open_package(Folder::Extracted, &load_id).unwrap();
    let path = package.job_path(JobState::New, &package.manifest().files[0].name);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(pipeline.normalize(&load_id, None), Err(NormalizeError::Store(_))));
}

#[test]
fn a_cancelled_run_publishes_nothing() {
    let mut pipeline = Pipeline::new();
    let load_id = pipeline.extract(&schema(WriteDisposition::Append), &[Rows::of("items", "{\"id\":1}\n")]);
    let cancel = CancelToken::default();
    cancel.cancel();
    let stopped = cartage_runtime::Runtime { cancel, ..runtime() };
    assert!(matches!(pipeline.normalize_with(&load_id, None, stopped), Err(NormalizeError::Cancelled)));
    assert!(pipeline.temp.store.list(Folder::Normalized).unwrap().is_empty());
    pipeline.normalize(&load_id, None).unwrap();
}

#[test]
fn row_filters_leave_out_columns_and_whole_tables() {
    let mut schema = schema(WriteDisposition::Append);
    let filters = json!({"excludes": ["re:^kids", "secret"], "includes": ["re:^kids__ok$"]});
    let table = schema.tables.get_mut("items").unwrap();
    table.filters = Some(serde_json::from_value(filters).unwrap());
    let mut pipeline = Pipeline::new();
    let rows = "{\"id\":1,\"secret\":2,\"kids\":[{\"ok\":1,\"bad\":2},{\"bad\":3}]}\n";
    let load_id = pipeline.run(&schema, &[Rows::of("items", rows)]).unwrap();
    let tables = pipeline.tables(&load_id);
    assert_eq!(tables["items"].columns, ["id", "_dlt_load_id", "_dlt_id"]);
    assert_eq!(tables["items__kids"].columns, ["ok"]);
    assert_eq!(tables["items__kids"].rows.len(), 1);
}

#[test]
fn many_tables_need_not_all_their_files_open() {
    let mut row = serde_json::Map::new();
    for table in 0..200 {
        row.insert(format!("t{table}"), json!([table]));
    }
    let rows = format!("{}\n", Value::Object(row)).repeat(3);
    let mut pipeline = Pipeline::new();
    pipeline.normalize.row_group_rows = 1;
    let blocks: Vec<&str> = rows.split_inclusive('\n').collect();
    let rows = Rows { table: "items", blocks, origins: Vec::new() };
    let load_id = pipeline.run(&schema(WriteDisposition::Append), &[rows]).unwrap();
    let files = pipeline.package(&load_id).manifest().files.clone();
    assert_eq!(files.len(), 201);
    assert!(files.iter().all(|file| file.rows == 3));
    pipeline.package(&load_id).verify().unwrap();
}
