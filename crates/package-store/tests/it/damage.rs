//! Every flipped byte, cut, missing or unknown file of a package is found and named.

use std::fs;
use std::path::Path;

use cartage_package_store::{
    Damage, Error, ErrorKind, Folder, LoadId, Normalized, Package, QuarantineDraft, QuarantineFileName,
    RealFs, Wait,
};
use cartage_runtime::Stage;
use cartage_test_support::{TempPipeline, files_below, job, rewrite_package_json, stage_package};

const MICROS: i64 = 1_795_163_558_208_462;

/// A package with all kinds of files, and the folder it is in.
fn published() -> (TempPipeline, LoadId) {
    let pipeline = TempPipeline::new();
    let store = &pipeline.store;
    let lock = store.lock(Stage::Normalize, Wait::Fail).unwrap();
    let load_id = LoadId::from_unix_micros(MICROS);
    let staged = store.stage(&lock, load_id.clone(), 7).unwrap();
    let rows = QuarantineFileName::new("orders", "66").unwrap();
    fs::write(staged.quarantine_path(&rows).unwrap(), "{}\n").unwrap();
    let mut draft = cartage_package_store::ManifestDraft::default();
    for table in ["orders", "people"] {
        fs::write(staged.job_path(&job(table)), "{\"id\":1}\n").unwrap();
        draft.files.push(cartage_package_store::FileDraft::new(job(table), table));
    }
    draft.quarantine.push(QuarantineDraft { name: rows, table: "orders".to_owned(), rows: 1 });
    staged.write_schema("{\"name\":\"shop\"}").unwrap();
    staged.write_schema_update("{}").unwrap();
    staged.write_state("{}").unwrap();
    let package = staged.seal(draft).unwrap().publish(Normalized).unwrap();
    let lock = store.lock(Stage::Load, Wait::Fail).unwrap();
    let jobs = package.lock_jobs(&lock).unwrap();
    jobs.start(&job("people")).unwrap();
    jobs.fail(&job("people"), "no").unwrap();
    (pipeline, load_id)
}

fn verify(pipeline: &TempPipeline, load_id: &LoadId) -> Result<(), Error> {
    pipeline.store.open_package(Normalized, load_id)?.verify()
}

fn assert_damaged(result: Result<(), Error>, name: &str, is: impl Fn(&Damage) -> bool) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    assert!(error.hint().is_some() && error.to_string().contains(name), "{error} names {name}");
    match error {
        Error::Damaged { file, damage, .. } => assert!(file == name && is(&damage), "{file}: {damage}"),
        other => panic!("{other}"),
    }
}

/// The files that count; the reason of a failed job is for people only.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = files_below(folder);
    files.retain(|(name, _)| !name.ends_with(".exception"));
    files
}

#[test]
fn every_flipped_byte_is_found_and_its_file_named() {
    let (pipeline, load_id) = published();
    let folder = pipeline.store.dir().join("packages/normalized").join(load_id.as_str());
    verify(&pipeline, &load_id).unwrap();
    let files = files(&folder);
    assert_eq!(files.len(), 7);
    for (name, bytes) in files {
        for index in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[index] ^= [0x01, 0x20, 0x80][index % 3];
            fs::write(folder.join(&name), flipped).unwrap();
            assert_damaged(verify(&pipeline, &load_id), &name, |_| true);
        }
        fs::write(folder.join(&name), bytes).unwrap();
    }
    verify(&pipeline, &load_id).unwrap();
}

#[test]
fn cut_grown_missing_and_unknown_files_are_found_and_named() {
    let (pipeline, load_id) = published();
    let folder = pipeline.store.dir().join("packages/normalized").join(load_id.as_str());
    for (name, bytes) in files(&folder) {
        let path = folder.join(&name);
        let whole = name == "package.json";
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert_damaged(verify(&pipeline, &load_id), &name, |damage| {
            whole || matches!(damage, Damage::Cut { .. })
        });
        fs::write(&path, [&bytes[..], b" "].concat()).unwrap();
        assert_damaged(verify(&pipeline, &load_id), &name, |damage| {
            whole || matches!(damage, Damage::Grown { .. })
        });
        fs::remove_file(&path).unwrap();
        if !name.contains("people") {
            assert_damaged(verify(&pipeline, &load_id), &name, |damage| *damage == Damage::Missing);
        }
        fs::create_dir(&path).unwrap();
        if !whole {
            assert_damaged(verify(&pipeline, &load_id), &name, |damage| *damage == Damage::NotAFile);
        }
        fs::remove_dir(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        verify(&pipeline, &load_id).unwrap();
    }
    for name in [
        "notes.txt",
        "new_jobs/notes.txt",
        "new_jobs/spy.0.0.jsonl",
        "quarantine/x",
        "failed_jobs/x.exception",
    ] {
        fs::write(folder.join(name), "x").unwrap();
        assert_damaged(verify(&pipeline, &load_id), name, |damage| *damage == Damage::Unknown);
        fs::remove_file(folder.join(name)).unwrap();
    }
}

#[test]
fn a_package_that_lost_its_package_json_is_neither_swept_nor_overlooked() {
    let (pipeline, load_id) = published();
    let folder = pipeline.store.dir().join("packages/normalized").join(load_id.as_str());
    fs::remove_file(folder.join("package.json")).unwrap();
    let store = &pipeline.store;
    let lock = store.lock(Stage::Normalize, Wait::Fail).unwrap();
    assert_eq!(store.sweep(&lock).unwrap().removed, []);
    assert_eq!(store.list(Folder::Normalized).unwrap().as_slice(), std::slice::from_ref(&load_id));
    assert_damaged(verify(&pipeline, &load_id), "package.json", |damage| *damage == Damage::Missing);

    store.abort(Folder::Normalized, &load_id).unwrap();
    assert_eq!(store.list(Folder::Normalized).unwrap(), []);
}

#[test]
fn a_package_of_another_load_id_or_pipeline_is_refused() {
    let (pipeline, load_id) = published();
    let folder = pipeline.store.dir().join("packages/normalized");
    let renamed = LoadId::from_unix_micros(MICROS + 5);
    let copy = folder.join(renamed.as_str());
    fs::create_dir(&copy).unwrap();
    fs::copy(folder.join(load_id.as_str()).join("package.json"), copy.join("package.json")).unwrap();
    assert_damaged(verify(&pipeline, &renamed), "package.json", |_| true);

    let other = TempPipeline::new();
    let elsewhere = cartage_package_store::PackageStore::open(
        &other.folder().join("other"),
        "other",
        cartage_package_store::StoreOptions::default(),
    );
    let elsewhere = elsewhere.unwrap();
    let target = elsewhere.dir().join("packages/normalized").join(load_id.as_str());
    fs::create_dir(&target).unwrap();
    fs::copy(folder.join(load_id.as_str()).join("package.json"), target.join("package.json")).unwrap();
    let error = elsewhere.open_package(Normalized, &load_id).unwrap_err();
    assert!(matches!(error, Error::OtherPipeline { .. }), "{error}");
}

#[test]
fn a_newer_minor_and_another_major_are_refused_with_the_remedy() {
    for version in ["\"major\": 1,\n    \"minor\": 1", "\"major\": 2,\n    \"minor\": 0"] {
        let (pipeline, load_id) = published();
        let folder = pipeline.store.dir().join("packages/normalized").join(load_id.as_str());
        rewrite_package_json(&folder, |text| text.replace("\"major\": 1,\n    \"minor\": 0", version));
        let error = verify(&pipeline, &load_id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NewerFormat, "{error}");
        assert!(error.hint().unwrap().contains("newer"), "{error}");
    }
}

#[test]
fn empty_job_folders_may_be_missing_as_after_a_checkout_from_git() {
    let pipeline = TempPipeline::new();
    let lock = pipeline.store.lock(Stage::Normalize, Wait::Fail).unwrap();
    let sealed = stage_package(&pipeline.store, &RealFs, &lock, MICROS, &[("orders", "{}\n")]).unwrap();
    let package = sealed.publish(Normalized).unwrap();
    for folder in ["started_jobs", "completed_jobs", "failed_jobs"] {
        fs::remove_dir(package.path().join(folder)).unwrap();
    }
    let package = Package::open_at(package.path()).unwrap();
    package.verify().unwrap();
    let package = pipeline.store.open_package(Normalized, package.load_id()).unwrap();
    let lock = pipeline.store.lock(Stage::Load, Wait::Fail).unwrap();
    let jobs = package.lock_jobs(&lock).unwrap();
    jobs.start(&job("orders")).unwrap();
    jobs.complete(&job("orders")).unwrap();
    package.verify().unwrap();
}
