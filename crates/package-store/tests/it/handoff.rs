//! The contract between the stages: `settings` in `package.json`, as `fixtures/handoff/v1.0.json` shows all of it
//! and `docs/package-format.md` describes it.
//!
//! Recipe: `CARTAGE_WRITE_GOLDEN=1 cargo nextest run -p cartage-package-store handoff`. Only for a new version of
//! the format, as a new file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cartage_package_store::{
    ColumnPlace, DataWriter, DestinationTraits, FileFormat, Folder, MergeStrategy, Package, PackageSettings,
    PageCompression, Refresh, RefreshTables, ReplaceStrategy, Wait,
};
use cartage_runtime::{NameCollisions, OnBadRow, Stage};
use cartage_test_support::{TempPipeline, rewrite_package_json};
use serde::Serialize;
use serde_json::{Map, Value, json};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Every key that there is, with a value that is not its default. Naming all fields keeps it whole.
fn everything() -> PackageSettings {
    let tables = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    PackageSettings {
        destination: DestinationTraits {
            naming: Some("snake_case".to_owned()),
            max_identifier_length: Some(63),
            max_column_identifier_length: Some(59),
            decimal_precision: Some((38, 9)),
            wei_precision: Some((156, 78)),
            wide_decimals_as_text: true,
            timestamp_precision: Some(6),
            max_timestamp_precision: Some(9),
            supports_naive_datetime: false,
            max_table_nesting: Some(3),
            preferred_file_format: Some(FileFormat::Jsonl),
            files_are_tables: true,
            replace_strategy: Some(ReplaceStrategy::InsertFromStaging),
            merge_strategies: Some(vec![
                MergeStrategy::DeleteInsert,
                MergeStrategy::Scd2,
                MergeStrategy::Upsert,
                MergeStrategy::InsertOnly,
                MergeStrategy::Cdc,
            ]),
        },
        data_writer: DataWriter {
            file_max_items: Some(1_000_000),
            file_max_bytes: Some(67_108_864),
            compression: PageCompression::Snappy,
            disable_compression: true,
        },
        on_bad_row: Some(OnBadRow::Quarantine),
        name_collisions: Some(NameCollisions::Fail),
        widen_columns: vec![ColumnPlace { table: "orders".to_owned(), column: "amount".to_owned() }],
        refresh: Some(RefreshTables {
            mode: Refresh::DropResources,
            drop_tables: tables(&["orders__lines", "orders"]),
            truncate_tables: tables(&["people"]),
        }),
        replace_strategies: [
            ("orders".to_owned(), ReplaceStrategy::StagingOptimized),
            ("people".to_owned(), ReplaceStrategy::TruncateAndInsert),
        ]
        .into(),
        quarantine: ["orders".to_owned()].into(),
        continues: ["orders".to_owned(), "people".to_owned()].into(),
        others: Map::new(),
    }
}

fn words<T: Serialize>(words: &[T]) -> Vec<String> {
    words.iter().map(|word| serde_json::to_value(word).unwrap().as_str().unwrap().to_owned()).collect()
}

/// Keys of a document and of the objects in it. Names of tables are not keys.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                found.insert(key.clone());
                if key != "replace_strategies" {
                    keys(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

#[test]
fn what_is_written_today_is_the_golden_document_and_reads_back() {
    let path = repository("fixtures/handoff/v1.0.json");
    let written = serde_json::to_string_pretty(&everything()).unwrap() + "\n";
    if std::env::var_os("CARTAGE_WRITE_GOLDEN").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    assert_eq!(written, golden);
    assert_eq!(serde_json::from_str::<PackageSettings>(&golden).unwrap(), everything());
}

#[test]
fn every_key_and_every_word_of_a_closed_list_is_described() {
    let text = fs::read_to_string(repository("docs/package-format.md")).unwrap();
    let (_, description) = text.split_once("### Settings").expect("the section is there");
    let (description, _) = description.split_once("\n### ").expect("another section follows");
    let mut expected = BTreeSet::new();
    keys(&serde_json::to_value(everything()).unwrap(), &mut expected);
    expected.extend(words(&[OnBadRow::Fail, OnBadRow::Quarantine]));
    expected.extend(words(&[NameCollisions::Share, NameCollisions::Fail]));
    expected.extend(words(&[Refresh::DropSources, Refresh::DropResources, Refresh::DropData]));
    expected.extend(words(&FileFormat::ALL));
    expected.extend(words(&PageCompression::ALL));
    expected.extend(words(&[
        ReplaceStrategy::TruncateAndInsert,
        ReplaceStrategy::InsertFromStaging,
        ReplaceStrategy::StagingOptimized,
    ]));
    expected.extend(words(&everything().destination.merge_strategies.unwrap()));
    expected.retain(|word| !description.contains(&format!("`{word}`")));
    assert_eq!(expected, BTreeSet::new(), "not in docs/package-format.md");

    // And nothing is described that is not there: the first column of the tables names keys.
    let rows = description.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let mut known = BTreeSet::new();
    keys(&serde_json::to_value(everything()).unwrap(), &mut known);
    let strangers: Vec<&str> = rows.map(|(key, _)| key).filter(|key| !known.contains(*key)).collect();
    assert_eq!(strangers, Vec::<&str>::new());
}

#[test]
fn the_settings_of_old_packages_are_read_and_written_again_without_loss() {
    let mut packages = 0;
    for version in fs::read_dir(repository("fixtures/packages")).unwrap() {
        let version = version.unwrap().path();
        for folder in [Folder::Extracted, Folder::Normalized] {
            for package in fs::read_dir(version.join(folder.as_str())).into_iter().flatten() {
                let package = package.unwrap().path();
                let text = fs::read_to_string(package.join("package.json")).unwrap();
                let stored = serde_json::from_str::<Value>(&text).unwrap()["settings"].take();
                let read = Package::open_at(&package).unwrap().manifest().settings.clone();
                let again = serde_json::to_string(&read).unwrap();
                assert_eq!(again, stored.to_string(), "{}", package.display());
                packages += 1;
            }
        }
    }
    assert!(packages >= 2, "there are golden packages");
}

#[test]
fn what_cartage_wrote_before_these_types_is_read_and_written_again_without_loss() {
    let of_duckdb = json!({
        "destination": {
            "naming": null, "max_identifier_length": 65536, "max_column_identifier_length": 65536,
            "decimal_precision": [38, 9], "wei_precision": [38, 0], "wide_decimals_as_text": false,
            "timestamp_precision": 6, "max_timestamp_precision": 9, "supports_naive_datetime": true,
            "max_table_nesting": null, "preferred_file_format": "parquet", "files_are_tables": false,
            "replace_strategy": "truncate-and-insert",
            "merge_strategies": ["delete-insert", "upsert", "scd2", "insert-only", "cdc"],
        },
        "data_writer": {
            "file_max_items": 1_000_000, "file_max_bytes": 67_108_864, "compression": "none",
            "disable_compression": false,
        },
        "on_bad_row": "quarantine",
        "name_collisions": "share",
        "refresh": {"mode": "drop_data", "drop_tables": [], "truncate_tables": ["items"]},
        "replace_strategies": {"items": "insert-from-staging"},
        "quarantine": ["items"],
        "continues": ["items"],
    });
    let read: PackageSettings = serde_json::from_value(of_duckdb.clone()).unwrap();
    assert_eq!(read.others, Map::new());
    assert_eq!(read.to_string(), of_duckdb.to_string());
}

#[test]
fn what_is_absent_is_not_known_and_restricts_nothing() {
    let nothing: PackageSettings = serde_json::from_value(json!({})).unwrap();
    assert_eq!(nothing, PackageSettings::default());
    assert_eq!(serde_json::from_value::<PackageSettings>(Value::Null).unwrap(), nothing);
    assert_eq!(serde_json::to_value(&nothing).unwrap(), json!({}));
    let empty = json!({"destination": {}, "data_writer": {}});
    assert_eq!(serde_json::from_value::<PackageSettings>(empty).unwrap(), nothing);

    let DestinationTraits {
        naming,
        max_identifier_length,
        max_column_identifier_length,
        decimal_precision,
        wei_precision,
        wide_decimals_as_text,
        timestamp_precision,
        max_timestamp_precision,
        supports_naive_datetime,
        max_table_nesting,
        preferred_file_format,
        files_are_tables,
        replace_strategy,
        merge_strategies,
    } = nothing.destination.clone();
    assert_eq!((naming, max_table_nesting, preferred_file_format), (None, None, None));
    assert_eq!((max_identifier_length, max_column_identifier_length), (None, None));
    assert_eq!((decimal_precision, wei_precision), (None, None));
    assert_eq!((timestamp_precision, max_timestamp_precision), (None, None));
    assert_eq!((replace_strategy, merge_strategies), (None, None));
    assert!(supports_naive_datetime && !wide_decimals_as_text && !files_are_tables);
    assert_eq!(nothing.destination.max_name_length(), None);
    assert!(!nothing.destination.appends_merges(), "it is not known whether it merges");
    assert_eq!(nothing.data_writer, DataWriter { file_max_items: None, ..DataWriter::default() });
    assert_eq!(
        (nothing.data_writer.file_max_bytes, nothing.data_writer.compression.as_str()),
        (None, "none")
    );
}

#[test]
fn keys_that_are_not_known_stay_with_the_package() {
    let document = json!({"on_bad_row": "fail", "of_another_program": {"a": [1, null]}});
    let read: PackageSettings = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(read.on_bad_row, Some(OnBadRow::Fail));
    assert_eq!(serde_json::to_value(&read).unwrap(), document);
}

#[test]
fn settings_that_cannot_be_are_damage_that_names_the_key() {
    for (key, value) in [
        ("on_bad_row", json!("ignore")),
        ("destination", json!({"merge_strategies": ["guess"]})),
        ("destination", json!({"max_identifier_length": -1})),
        ("data_writer", json!({"compression": 9})),
        ("refresh", json!({"mode": "drop_data", "drop_tables": 7})),
        ("refresh", json!({"drop_tables": []})),
        ("continues", json!("orders")),
    ] {
        let error = serde_json::from_value::<PackageSettings>(json!({ key: value })).unwrap_err();
        assert!(error.to_string().starts_with(&format!("settings.{key}: ")), "{error}");
    }

    let pipeline = TempPipeline::new();
    let lock = pipeline.store.lock(Stage::Extract, Wait::Fail).unwrap();
    let staged = cartage_test_support::stage_package(
        &pipeline.store,
        &cartage_package_store::RealFs,
        &lock,
        1_795_163_558_208_462,
        &[("orders", "{}\n")],
    );
    let package = staged.unwrap().publish(Folder::Extracted).unwrap();
    rewrite_package_json(package.path(), |text| {
        text.replace("\"settings\": {}", "\"settings\": {\"on_bad_row\": \"ignore\"}")
    });
    let error = pipeline.store.open_package(Folder::Extracted, package.load_id()).unwrap_err();
    assert_eq!(error.kind(), cartage_package_store::ErrorKind::Damaged);
    let error = error.to_string();
    assert!(error.contains("package.json") && error.contains("settings.on_bad_row"), "{error}");
}
