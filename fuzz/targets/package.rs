//! Load packages: their documents, names and blocks of rows, up to normalizing them.
//!
//! An input is a folder of a pipeline, file by file: `#! path`, and the bytes of the file in the lines behind. Checksums
//! and sizes in `package.json` are made right where files are there, since no chance would find them.
#![no_main]

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use cartage_data_files::blocks::{BlockReader, Packing};
use cartage_fuzz::input::parts;
use cartage_fuzz::panics::{Contained, watch};
use cartage_fuzz::stages::{clear, normalize_package, runtime, temporary_folder};
use cartage_package_store::{Checksum, Folder, JobState, PackageStore, PublishedPackage, StoreOptions, Wait};
use cartage_runtime::Stage;
use cartage_schema::Schema;
use cartage_state::PipelineState;
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Most files of an input.
const MOST_FILES: usize = 16;

fuzz_target!(init: watch(Contained::OfLibraries), |data: &[u8]| -> Corpus {
    let folder = FOLDER.get_or_init(temporary_folder);
    clear(folder);
    let files: Vec<(PathBuf, &[u8])> = parts(data)
        .into_iter()
        .take(MOST_FILES)
        .filter_map(|(name, bytes)| Some((inside(&name)?, bytes)))
        .collect();
    if files.is_empty() {
        return Corpus::Reject;
    }
    for (path, bytes) in &files {
        let is_manifest = path.file_name().is_some_and(|name| name == "package.json");
        let sealed = is_manifest.then(|| sealed(bytes, path, &files)).flatten();
        write(&folder.join(path), sealed.as_deref().unwrap_or(bytes));
    }
    look_at(folder);
    Corpus::Keep
});

/// A path that stays below the folder, and is short.
fn inside(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    (is_inside && !name.is_empty() && name.len() < 200 && !name.contains('\0')).then(|| path.to_owned())
}

fn write(path: &Path, bytes: &[u8]) {
    // Two files of an input may be in each other's way, and names may be too long.
    let made = path.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok());
    if made {
        drop(fs::write(path, bytes));
    }
}

/// `package.json` with the checksums and sizes of the files that are there, and its own. `None` where it is not JSON.
fn sealed(bytes: &[u8], path: &Path, files: &[(PathBuf, &[u8])]) -> Option<Vec<u8>> {
    let mut manifest: Value = serde_json::from_slice(bytes).ok()?;
    let folder = path.parent()?;
    let correct = |entry: &mut Value, below: &[&str]| {
        let found = files.iter().find(|(path, _)| below.iter().any(|name| *path == folder.join(name)));
        if let (Some((_, bytes)), Some(entry)) = (found, entry.as_object_mut()) {
            entry.insert("bytes".to_owned(), bytes.len().into());
            entry.insert("checksum".to_owned(), Checksum::of(bytes).to_string().into());
        }
    };
    let documents = manifest.get_mut("documents").and_then(Value::as_object_mut);
    for (name, entry) in documents.into_iter().flatten() {
        correct(entry, &[name]);
    }
    for (list, folder) in [("files", "new_jobs"), ("quarantine", "quarantine")] {
        for entry in manifest.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(name) = entry.get("name").and_then(Value::as_str).map(str::to_owned) else { continue };
            correct(entry, &[&format!("{folder}/{name}")]);
        }
    }
    manifest.as_object_mut()?.shift_remove("checksum");
    let mut body = serde_json::to_vec_pretty(&manifest).ok()?;
    body.truncate(body.len() - "\n}".len());
    let checksum = Checksum::of(&body);
    body.extend_from_slice(format!(",\n  \"checksum\": \"{checksum}\"\n}}\n").as_bytes());
    Some(body)
}

fn look_at(folder: &Path) {
    let options = StoreOptions { durable: false, ..StoreOptions::of(&runtime()) };
    let Ok(store) = PackageStore::open(folder, "test", options) else { return };
    documents(&store);
    let Ok(lock) = store.lock(Stage::Normalize, Wait::Fail) else { return };
    drop(store.sweep(&lock));
    for folder in Folder::ALL {
        for load_id in store.list(folder).unwrap_or_default() {
            let Ok(package) = store.open_package(folder, &load_id) else { continue };
            read(&package);
            let is_whole = package.verify().is_ok();
            drop(package);
            if is_whole && folder == Folder::Extracted {
                normalize_package(&store, &lock, &load_id);
            }
        }
    }
    drop(store.next_load_id(0));
}

fn documents(store: &PackageStore) {
    let documents = store.documents();
    drop(documents.run());
    drop(documents.dev_dataset());
    if let Ok(Some(state)) = documents.state() {
        drop(PipelineState::from_json(&state));
    }
    for name in documents.schema_names().unwrap_or_default() {
        if let Ok(Some(schema)) = documents.schema(&name) {
            drop(Schema::from_json(&schema));
        }
    }
}

fn read(package: &PublishedPackage) {
    if let Ok(description) = package.describe() {
        drop(description.to_string());
    }
    drop(package.schema_json());
    drop(package.schema_update_json());
    drop(package.state_json());
    for state in JobState::ALL {
        for name in package.jobs(state).unwrap_or_default() {
            drop(package.failure_reason(&name));
            blocks(&package.job_path(state, &name), Packing::Plain);
            blocks(&package.job_path(state, &name), Packing::Zstd);
        }
    }
}

/// All blocks of a file; what comes out has whole rows.
fn blocks(path: &Path, packing: Packing) {
    let Ok(mut reader) = BlockReader::open(path, packing) else { return };
    let mut scratch = Vec::new();
    while let Ok(Some(block)) = reader.next_block() {
        if let Ok(rows) = block.rows(&mut scratch) {
            assert!(rows.last().is_none_or(|last| *last == b'\n'), "a block ends with a whole row");
        }
    }
}
