//! The packages of format 1.0 in `fixtures/packages/v1.0/`: they stay readable forever, and what we
//! write today is what was written then.
//!
//! Recipe: `CARTAGE_WRITE_GOLDEN=1 cargo nextest run -p cartage-package-store golden`. Only for a new
//! version of the format, in a new folder.

use std::fs;
use std::path::{Path, PathBuf};

use cartage_package_store::{
    Checksum, Codec, FileDraft, FileFormat, Folder, FormatVersion, JobFileName, JobState, LoadId,
    ManifestDraft, Normalized, Package, PackageSettings, PackageStore, QuarantineDraft, QuarantineFileName,
    ResourceEntry, SourceRange, Wait, WrittenFile,
};
use cartage_runtime::Stage;
use cartage_test_support::{TempPipeline, files_below};
use serde_json::{Map, Value, json};

const MICROS: i64 = 1_795_163_558_208_462;
const ORDERS: &str = "{\"id\":1,\"lines\":[{\"sku\":7}]}\n{\"id\":2,\"lines\":[]}\n";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/packages/v1.0")
}

fn name(table: &str, file_id: &str, format: FileFormat, codec: Option<Codec>) -> JobFileName {
    JobFileName::new(table, file_id, format, codec).unwrap()
}

/// Keys that no version knows: they were only examples when these packages were written.
fn others() -> Map<String, Value> {
    let others = json!({"naming": "snake_case", "max_identifier_length": 63, "rotate": {"rows": 1_000_000}});
    others.as_object().unwrap().clone()
}

fn draft(files: Vec<FileDraft>, parent: Option<Checksum>) -> ManifestDraft {
    ManifestDraft {
        schema_name: "shop".to_owned(),
        created_at: chrono::DateTime::from_timestamp_micros(MICROS).unwrap(),
        producer: "cartage 0.1.0".to_owned(),
        run_id: "0f1e2d3c4b5a6978".to_owned(),
        settings: PackageSettings { others: others(), ..PackageSettings::default() },
        resources: vec![ResourceEntry {
            name: "orders".to_owned(),
            table: "orders".to_owned(),
            write_disposition: "append".to_owned(),
            resumable: false,
        }],
        files,
        quarantine: Vec::new(),
        parent,
    }
}

fn write_extracted(store: &PackageStore) -> Checksum {
    let lock = store.lock(Stage::Extract, Wait::Fail).unwrap();
    let staged = store.stage(&lock, LoadId::from_unix_micros(MICROS), 1).unwrap();
    let orders = name("orders", "0011223344", FileFormat::Jsonl, None);
    fs::write(staged.job_path(&orders), ORDERS).unwrap();
    let rows = QuarantineFileName::new("orders", "5566778899").unwrap();
    let row = "{\"source\":\"orders.jsonl\",\"line\":2,\"reason\":\"no JSON\",\"row\":\"{\\\"id\\\":\"}\n";
    fs::write(staged.quarantine_path(&rows).unwrap(), row).unwrap();
    staged.write_schema("{\"version\":1,\"name\":\"shop\",\"tables\":{}}").unwrap();
    staged.write_state("{\"_state_version\":1,\"pipeline_name\":\"test\"}").unwrap();
    let origin = |first_line, first_row| SourceRange {
        source: "orders.jsonl".to_owned(),
        first_line,
        first_row,
        rows: 1,
    };
    let file = FileDraft {
        rows: 2,
        uncompressed_bytes: ORDERS.len() as u64,
        origins: vec![origin(1, 0), origin(3, 1)],
        ..FileDraft::new(orders, "orders")
    };
    let quarantine = vec![QuarantineDraft { name: rows, table: "orders".to_owned(), rows: 1 }];
    let sealed = staged.seal(ManifestDraft { quarantine, ..draft(vec![file], None) }).unwrap();
    sealed.publish(Folder::Extracted).unwrap().digest()
}

/// A package in the middle of its load: one job of each state, one of them retried.
fn write_normalized(store: &PackageStore, parent: Checksum) {
    let lock = store.lock(Stage::Normalize, Wait::Fail).unwrap();
    let staged = store.stage(&lock, LoadId::from_unix_micros(MICROS), 2).unwrap();
    // The bytes are not real Parquet and Zstandard: the store does not look into files.
    let files = [
        ("orders", name("orders", "a0", FileFormat::Parquet, None), "PAR1 orders"),
        ("orders__lines", name("orders__lines", "a1", FileFormat::Parquet, None), "PAR1 lines"),
        ("Größe/cm", name("Größe/cm", "a2", FileFormat::Csv, Some(Codec::Zst)), "id\n1\n"),
        (
            "_dlt_pipeline_state",
            name("_dlt_pipeline_state", "a3", FileFormat::Jsonl, Some(Codec::Gz)),
            "{}\n",
        ),
    ];
    let drafts = files.iter().map(|(table, name, text)| {
        fs::write(staged.job_path(name), text).unwrap();
        let written = WrittenFile { bytes: text.len() as u64, checksum: Checksum::of(text.as_bytes()) };
        FileDraft {
            rows: 1,
            uncompressed_bytes: 100,
            written: Some(written),
            ..FileDraft::new(name.clone(), *table)
        }
    });
    let drafts = drafts.collect();
    staged.write_schema("{\"version\":2,\"name\":\"shop\",\"tables\":{}}").unwrap();
    staged.write_schema_update("{\"orders\":{}}").unwrap();
    staged.write_state("{\"_state_version\":1,\"pipeline_name\":\"test\"}").unwrap();
    let package = staged.seal(draft(drafts, Some(parent))).unwrap().publish(Normalized).unwrap();
    let lock = store.lock(Stage::Load, Wait::Fail).unwrap();
    let jobs = package.lock_jobs(&lock).unwrap();
    for (_, name, _) in &files[..3] {
        jobs.start(name).unwrap();
    }
    jobs.complete(&files[0].1).unwrap();
    jobs.fail(&files[1].1, "column \"sku\" does not exist\n").unwrap();
    jobs.start(&jobs.retry(&files[2].1).unwrap()).unwrap();
}

fn write(store: &PackageStore) -> Vec<(String, Vec<u8>)> {
    let parent = write_extracted(store);
    write_normalized(store, parent);
    files_below(&store.dir().join("packages"))
}

#[test]
fn what_is_written_today_is_the_golden_package_byte_for_byte() {
    let pipeline = TempPipeline::new();
    let written = write(&pipeline.store);
    if std::env::var_os("CARTAGE_WRITE_GOLDEN").is_some() {
        for (name, bytes) in &written {
            let path = fixtures().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    let golden = files_below(&fixtures());
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|file| file.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&written), names(&golden));
    for ((name, bytes), (_, golden)) in written.iter().zip(&golden) {
        assert_eq!(String::from_utf8_lossy(bytes), String::from_utf8_lossy(golden), "{name}");
    }
}

#[test]
fn the_golden_packages_verify_and_read_as_they_were_meant() {
    let open = |folder: &str| {
        let package = Package::open_at(&fixtures().join(folder).join("1795163558.208462")).unwrap();
        package.verify().unwrap();
        package
    };
    let (extracted, normalized) = (open("extracted"), open("normalized"));
    assert_eq!(extracted.manifest().format, FormatVersion { major: 1, minor: 0 });
    assert_eq!(extracted.manifest().files[0].origins[1].first_line, 3);
    assert_eq!(extracted.manifest().quarantine[0].rows, 1);
    assert_eq!(normalized.manifest().parent, Some(extracted.digest()));
    assert_eq!(normalized.manifest().settings, extracted.manifest().settings);
    assert_eq!(extracted.manifest().settings.others, others());

    let in_state =
        |state| normalized.jobs(state).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(in_state(JobState::New), ["_dlt_pipeline_state.a3.0.jsonl.gz"]);
    assert_eq!(in_state(JobState::Started), ["Gr%C3%B6%C3%9Fe%2Fcm.a2.1.csv.zst"]);
    assert_eq!(in_state(JobState::Completed), ["orders.a0.0.parquet"]);
    assert_eq!(in_state(JobState::Failed), ["orders__lines.a1.0.parquet"]);
    let started = &normalized.jobs(JobState::Started).unwrap()[0];
    assert_eq!(normalized.file_entry(started).unwrap().table, "Größe/cm");
    let failed = &normalized.jobs(JobState::Failed).unwrap()[0];
    assert!(normalized.failure_reason(failed).unwrap().unwrap().contains("sku"));
}
