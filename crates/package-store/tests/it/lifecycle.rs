//! The way of a package through the folders, on the disk of this machine.

use std::fs;
use std::sync::Arc;

use cartage_package_store::{
    Checksum, Error, Extracted, FileDraft, Folder, JobState, LoadId, ManifestDraft, Normalized,
    PublishedPackage, QuarantineDraft, QuarantineFileName, RealFs, StageLock, SweepReason, Wait, WrittenFile,
};
use cartage_runtime::Stage;
use cartage_test_support::{FaultyDisk, Plan, TempPipeline, files_below, job, stage_package};

const MICROS: i64 = 1_795_163_558_208_462;
const TABLES: [(&str, &str); 2] = [("orders", "{\"id\":1}\n"), ("people", "{\"name\":\"Ada\"}\n")];

fn extract(pipeline: &TempPipeline) -> LoadId {
    let lock = pipeline.store.lock(Stage::Extract, Wait::Fail).unwrap();
    let sealed = stage_package(&pipeline.store, &RealFs, &lock, MICROS, &TABLES).unwrap();
    sealed.publish(Extracted).unwrap().load_id().clone()
}

/// A normalized package, with the lock of the load stage.
fn normalize(pipeline: &TempPipeline) -> (PublishedPackage<Normalized>, StageLock) {
    let lock = pipeline.store.lock(Stage::Normalize, Wait::Fail).unwrap();
    let sealed = stage_package(&pipeline.store, &RealFs, &lock, MICROS, &TABLES).unwrap();
    (sealed.publish(Normalized).unwrap(), pipeline.store.lock(Stage::Load, Wait::Fail).unwrap())
}

#[test]
fn a_package_is_unseen_until_it_is_published_and_then_reads_as_it_was_written() {
    let pipeline = TempPipeline::new();
    let lock = pipeline.store.lock(Stage::Extract, Wait::Fail).unwrap();
    let sealed = stage_package(&pipeline.store, &RealFs, &lock, MICROS, &TABLES).unwrap();
    assert_eq!(pipeline.store.list(Folder::Extracted).unwrap(), []);
    let written = sealed.publish(Folder::Extracted).unwrap();

    let read = pipeline.store.open_package(Folder::Extracted, written.load_id()).unwrap();
    read.verify().unwrap();
    assert_eq!((read.manifest(), read.digest()), (written.manifest(), written.digest()));
    assert_eq!(read.jobs(JobState::New).unwrap(), [job("orders"), job("people")]);
    assert_eq!(fs::read_to_string(read.job_path(JobState::New, &job("orders"))).unwrap(), TABLES[0].1);
    assert_eq!((read.schema_json().unwrap(), read.schema_update_json().unwrap()), ("{}".to_owned(), None));
}

#[test]
fn publishing_an_existing_load_id_is_refused_and_changes_nothing() {
    let pipeline = TempPipeline::new();
    let load_id = extract(&pipeline);
    let before = files_below(pipeline.store.dir());
    let lock = pipeline.store.lock(Stage::Normalize, Wait::Fail).unwrap();
    let again = stage_package(&pipeline.store, &RealFs, &lock, load_id.unix_micros(), &[("other", "{}\n")]);
    let error = again.unwrap().publish(Folder::Extracted).unwrap_err();
    assert!(matches!(&error, Error::AlreadyPublished { load_id: id, .. } if *id == load_id), "{error}");
    drop(lock);
    let mut after = files_below(pipeline.store.dir());
    after.retain(|(name, _)| !name.starts_with("locks/normalize"));
    assert_eq!(after, before);
}

#[test]
fn load_ids_go_up_even_if_the_clock_goes_back_and_the_packages_vanish() {
    let pipeline = TempPipeline::new();
    let first = extract(&pipeline);
    assert_eq!(first, LoadId::from_unix_micros(MICROS));
    let second = pipeline.store.next_load_id(MICROS - 1_000_000).unwrap();
    assert_eq!(second, LoadId::from_unix_micros(MICROS + 1));

    let reopened = pipeline.reopen(Arc::new(RealFs));
    reopened.open_package(Folder::Extracted, &first).unwrap().discard().unwrap();
    assert_eq!(pipeline.reopen(Arc::new(RealFs)).next_load_id(0).unwrap(), second);
}

#[test]
fn jobs_move_between_the_folders_and_stay_part_of_the_package() {
    let pipeline = TempPipeline::new();
    let (package, lock) = normalize(&pipeline);
    let jobs = package.lock_jobs(&lock).unwrap();
    let (orders, people) = (job("orders"), job("people"));
    jobs.start(&orders).unwrap();
    jobs.start(&people).unwrap();
    let retried = jobs.retry(&people).unwrap();
    assert_eq!(retried.retry(), 1);
    jobs.start(&retried).unwrap();
    jobs.complete(&retried).unwrap();
    jobs.fail(&orders, "column \"id\" is gone").unwrap();
    package.verify().unwrap();

    let package = pipeline.store.open_package(Normalized, package.load_id()).unwrap();
    assert_eq!(package.jobs(JobState::Completed).unwrap().first(), Some(&retried));
    assert_eq!(package.jobs(JobState::Failed).unwrap().first(), Some(&orders));
    assert_eq!(package.failure_reason(&orders).unwrap().as_deref(), Some("column \"id\" is gone"));
    assert_eq!(package.file_entry(&retried).unwrap().table, "people");
    let error = jobs.complete(&orders).unwrap_err();
    assert!(matches!(error, Error::NoSuchJob { state: JobState::Started, .. }), "{error}");
}

#[test]
fn only_the_lock_of_the_load_stage_of_this_pipeline_moves_jobs_and_ends_a_load() {
    let pipeline = TempPipeline::new();
    let (package, lock) = normalize(&pipeline);
    let others = TempPipeline::new().store.lock(Stage::Load, Wait::Fail).unwrap();
    for wrong in [pipeline.store.lock(Stage::Normalize, Wait::Fail).unwrap(), others] {
        let error = package.lock_jobs(&wrong).unwrap_err();
        assert!(error.to_string().contains("needs the lock"), "{error}");
        let package = pipeline.store.open_package(Normalized, package.load_id()).unwrap();
        let error = package.finish_load(&wrong).unwrap_err();
        assert!(matches!(error, Error::WrongLock { .. }), "{error}");
    }
    assert_eq!(package.jobs(JobState::New).unwrap().len(), TABLES.len());
    let load_id = package.finish_load(&lock).unwrap().load_id().clone();
    assert_eq!(pipeline.store.list(Folder::Loaded).unwrap(), [load_id]);
}

#[test]
fn completed_jobs_can_be_deleted_and_the_package_still_verifies() {
    let pipeline = TempPipeline::new();
    let (package, lock) = normalize(&pipeline);
    let jobs = package.lock_jobs(&lock).unwrap();
    for table in ["orders", "people"] {
        jobs.start(&job(table)).unwrap();
        jobs.complete(&job(table)).unwrap();
    }
    jobs.delete_completed().unwrap();
    package.verify().unwrap();
    let package = package.finish_load(&lock).unwrap();
    package.verify().unwrap();
    assert_eq!(package.jobs(JobState::Completed).unwrap(), []);
}

#[test]
fn dropping_an_unpublished_package_leaves_nothing() {
    let pipeline = TempPipeline::new();
    let before = files_below(&pipeline.store.dir().join("packages"));
    let lock = pipeline.store.lock(Stage::Extract, Wait::Fail).unwrap();
    drop(stage_package(&pipeline.store, &RealFs, &lock, MICROS, &TABLES).unwrap());
    assert_eq!(files_below(&pipeline.store.dir().join("packages")), before);
    assert_eq!(fs::read_dir(pipeline.store.dir().join("packages/staging")).unwrap().count(), 0);
}

#[test]
fn a_sweep_spares_other_stages_and_the_packages_of_its_own_lock() {
    let pipeline = TempPipeline::new();
    let store = &pipeline.store;
    let extract = store.lock(Stage::Extract, Wait::Fail).unwrap();
    let normalize = store.lock(Stage::Normalize, Wait::Fail).unwrap();
    let own = store.stage(&extract, LoadId::from_unix_micros(MICROS), 1).unwrap();
    let other = store.stage(&normalize, LoadId::from_unix_micros(MICROS), 2).unwrap();
    let dead =
        store.dir().join("packages/staging").join(format!("{}.extract-00000000000000ff", own.load_id()));
    fs::create_dir(&dead).unwrap();

    let report = store.sweep(&extract).unwrap();
    assert_eq!(report.removed.len(), 1);
    assert_eq!((&report.removed[0].path, report.removed[0].reason), (&dead, SweepReason::DeadWriter));
    assert!(own.job_path(&job("a")).parent().unwrap().exists());
    assert!(other.job_path(&job("a")).parent().unwrap().exists());
}

#[test]
fn what_a_stage_says_about_its_files_must_be_so() {
    let pipeline = TempPipeline::new();
    let lock = pipeline.store.lock(Stage::Extract, Wait::Fail).unwrap();
    let seal = |draft: FileDraft, write: &[&str]| {
        let staged = pipeline.store.stage(&lock, LoadId::from_unix_micros(MICROS), 1).unwrap();
        for table in write {
            fs::write(staged.job_path(&job(table)), "{}\n").unwrap();
        }
        staged.write_schema("{}").unwrap();
        staged.seal(ManifestDraft { files: vec![draft], ..ManifestDraft::default() }).map(drop)
    };
    let draft = || FileDraft::new(job("orders"), "orders");
    let written = WrittenFile { bytes: 4, checksum: Checksum::of(b"{}\n\n") };
    let cases = [
        (seal(draft(), &[]), "new_jobs/orders.0011223344.0.jsonl is missing"),
        (seal(draft(), &["orders", "other"]), "new_jobs/other.0011223344.0.jsonl is not named"),
        (
            seal(FileDraft { written: Some(written), ..draft() }, &["orders"]),
            "has 3 bytes where 4 were written",
        ),
    ];
    for (result, message) in cases {
        let error = result.unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn quarantined_rows_and_linked_files_are_part_of_the_package() {
    let pipeline = TempPipeline::new();
    let source = pipeline.folder().join("people.jsonl");
    fs::write(&source, "{\"name\":\"Ada\"}\n").unwrap();
    let lock = pipeline.store.lock(Stage::Extract, Wait::Fail).unwrap();
    let staged = pipeline.store.stage(&lock, LoadId::from_unix_micros(MICROS), 1).unwrap();
    staged.link_job(&source, &job("people")).unwrap();
    let rows = QuarantineFileName::new("people", "55").unwrap();
    fs::write(staged.quarantine_path(&rows).unwrap(), "{\"row\":\"{\",\"reason\":\"cut\"}\n").unwrap();
    staged.write_schema("{}").unwrap();
    let draft = ManifestDraft {
        files: vec![FileDraft::new(job("people"), "people")],
        quarantine: vec![QuarantineDraft { name: rows.clone(), table: "people".to_owned(), rows: 1 }],
        ..ManifestDraft::default()
    };
    let package = staged.seal(draft).unwrap().publish(Folder::Extracted).unwrap();
    fs::remove_file(&source).unwrap();
    package.verify().unwrap();
    assert!(package.quarantine_path(&rows).exists());
}

#[test]
fn folders_on_different_devices_hold_the_same_packages() {
    let renamed = TempPipeline::new();
    extract(&renamed);
    let copied = TempPipeline::new();
    let disk = Arc::new(FaultyDisk::new(Plan::Undisturbed).without_folder_renames());
    let store = copied.reopen(disk);
    let lock = store.lock(Stage::Extract, Wait::Fail).unwrap();
    let sealed = stage_package(&store, &RealFs, &lock, MICROS, &TABLES).unwrap();
    sealed.publish(Folder::Extracted).unwrap();
    let packages = |pipeline: &TempPipeline| files_below(&pipeline.store.dir().join("packages"));
    assert_eq!(packages(&copied), packages(&renamed));
}

#[test]
#[cfg(target_os = "linux")]
fn two_devices_of_this_machine_are_bridged_by_copying() {
    use std::os::unix::fs::{MetadataExt, symlink};
    let pipeline = TempPipeline::new();
    let staging = pipeline.store.dir().join("packages/staging");
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return eprintln!("skipped: no /dev/shm") };
    if fs::metadata(other.path()).unwrap().dev() == fs::metadata(&staging).unwrap().dev() {
        return eprintln!("skipped: /dev/shm is on the device of the temporary folder");
    }
    fs::remove_dir(&staging).unwrap();
    symlink(other.path(), &staging).unwrap();

    let load_id = extract(&pipeline);
    pipeline.store.open_package(Folder::Extracted, &load_id).unwrap().verify().unwrap();
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
}

#[test]
fn a_full_disk_publishes_nothing_and_says_so() {
    let pipeline = TempPipeline::new();
    let store = pipeline.reopen(Arc::new(FaultyDisk::new(Plan::FullFrom(5))));
    let lock = store.lock(Stage::Extract, Wait::Fail).unwrap();
    let error = stage_package(&store, &RealFs, &lock, MICROS, &TABLES).unwrap_err();
    assert!(
        error.to_string().contains("cannot write") && error.hint().unwrap().contains("disk is full"),
        "{error}"
    );
    assert_eq!(files_below(&store.dir().join("packages")), []);
    drop(lock);
    extract(&pipeline);
}
