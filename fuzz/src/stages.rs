//! A pipeline in a temporary folder: one file after the other goes through extract and normalize, as in the product.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use cartage_data_files::parquet;
use cartage_extract::{ExtractRequest, ExtractSettings, run as extract};
use cartage_normalize::{NormalizeRequest, NormalizeSettings, run as normalize};
use cartage_package_store::{
    FileFormat, Folder, JobState, LoadId, PackageSettings, PackageStore, StageLock, StoreOptions, Wait,
};
use cartage_runtime::{CancelToken, NameCollisions, OnBadRow, Runtime, Stage};
use cartage_schema::hints::ResourceHints;
use cartage_schema::{NamingKind, Schema};
use cartage_source_api::{OpenContext, Page, Producer, Resource, SchemaSettings, Source, SourceError};
use cartage_sources_files::{FilesConfig, FilesProducer};
use cartage_state::PipelineState;
use serde_json::Value;

use crate::input::Input;

/// Longest row, in bytes. The product takes a quarter of a gigabyte, which is much for a process that is to stay small.
const MAX_ROW_BYTES: usize = 4 << 20;

/// The moment at which the clock begins.
const NOW_UNIX_MICROS: i64 = 1_795_152_758_208_462;

/// With this variable no file is only read: for one input, to reproduce or to minimize what it does.
const TAKE_ALL: &str = "CARTAGE_FUZZ_ALL";

/// The pipeline.
pub struct Stages {
    folder: PathBuf,
    store: PackageStore,
    extracting: StageLock,
    normalizing: StageLock,
    takes_all: bool,
}

impl Stages {
    /// An empty pipeline, below the folder for temporary files, for this process alone.
    pub fn new() -> Self {
        let folder = temporary_folder();
        let options = StoreOptions { durable: false, ..StoreOptions::of(&runtime()) };
        let store = PackageStore::open(&folder.join("pipelines/fuzz"), "fuzz", options);
        let store = store.expect("the temporary folder can be written");
        let lock = |stage| store.lock(stage, Wait::Fail).expect("nobody else uses this folder");
        let takes_all = std::env::var_os(TAKE_ALL).is_some();
        Self {
            takes_all,
            folder,
            extracting: lock(Stage::Extract),
            normalizing: lock(Stage::Normalize),
            store,
        }
    }

    /// Reads a file of this name, then extracts and normalizes it where it can be read: one in a few, chosen by its
    /// bytes, because that takes ten times as long. The settings are those of a resource of files; `hints`,
    /// `on_bad_row`, `naming`, `max_table_nesting`, `schema_contract` and `package` (the settings of a package) may stand
    /// beside them.
    pub fn run(&self, name: &str, mut input: Input<'_>, one_in: u64) {
        let hints = input.take("hints").map(serde_json::from_value::<ResourceHints>);
        let Ok(hints) = hints.unwrap_or_else(|| Ok(ResourceHints::default())) else { return };
        let on_bad_row = input.take("on_bad_row").map(serde_json::from_value::<OnBadRow>);
        let Ok(on_bad_row) = on_bad_row.unwrap_or(Ok(OnBadRow::Fail)) else { return };
        let naming = input.take("naming").and_then(|naming| naming.as_str()?.parse().ok());
        let package = input.take("package").map(serde_json::from_value::<PackageSettings>);
        let Ok(package) = package.unwrap_or_else(|| Ok(PackageSettings::default())) else { return };
        let nesting = input.take("max_table_nesting").and_then(|levels| levels.as_u64());
        let schema = SchemaSettings {
            max_table_nesting: nesting.map(|levels| levels as u32),
            schema_contract: input.take("schema_contract"),
            ..SchemaSettings::default()
        };
        input.settings.insert("path".to_owned(), name.into());
        let Ok(config) = serde_json::from_value::<FilesConfig>(Value::Object(input.settings)) else { return };
        let producer = || FilesProducer::new(config.clone(), &self.folder, on_bad_row);
        let Ok(mut reading) = producer() else { return };
        // Packages may hold the file as another name of it, so that its bytes must not change.
        let path = self.folder.join(name);
        drop(fs::remove_file(&path));
        fs::write(&path, input.bytes).expect("the temporary folder can be written");
        let is_chosen = self.takes_all || digest(input.bytes).is_multiple_of(one_in);
        if read(&mut reading).is_err() || !is_chosen {
            return;
        }
        let Ok(producer) = producer() else { return };
        let resources = vec![Resource::new("items", hints, Box::new(producer))];
        let source = Source {
            name: "fuzz".to_owned(),
            resources,
            schema,
            on_bad_row,
            name_collisions: NameCollisions::default(),
        };
        self.stages(source, naming.unwrap_or(NamingKind::SnakeCase), package);
    }

    fn stages(&self, source: Source, naming: NamingKind, package_settings: PackageSettings) {
        let schema = Schema::new("fuzz", naming).expect("the name is a good one");
        let extracted = extract(ExtractRequest {
            store: &self.store,
            lock: &self.extracting,
            source,
            base_schema: schema,
            base_state: PipelineState::new("fuzz"),
            settings: ExtractSettings {
                workers: NonZeroUsize::MIN,
                compression_threads: Some(NonZeroUsize::MIN),
                disable_compression: true,
                max_line_bytes: MAX_ROW_BYTES,
                ..ExtractSettings::default()
            },
            package_settings,
            run_id: "fuzz".to_owned(),
            producer: "fuzz".to_owned(),
            runtime: runtime(),
            published: None,
            halt: CancelToken::default(),
        });
        for package in extracted.into_iter().flat_map(|report| report.packages) {
            normalize_package(&self.store, &self.normalizing, &package.load_id);
        }
    }
}

impl Default for Stages {
    fn default() -> Self {
        Self::new()
    }
}

/// All pages of a file.
fn read(producer: &mut FilesProducer) -> Result<(), SourceError> {
    producer.open(&OpenContext::new(MAX_ROW_BYTES, CancelToken::default()))?;
    while let Some(page) = producer.next_page()? {
        if let Page::Json(page) = page {
            let lines = page.text().iter().filter(|byte| **byte == b'\n').count() as u64;
            assert_eq!(lines, page.rows(), "a row is a line");
        }
    }
    producer.warnings();
    producer.column_types();
    Ok(())
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// Normalizes a package, looks at what came out, and removes it whatever happened.
pub fn normalize_package(store: &PackageStore, lock: &StageLock, load_id: &LoadId) {
    let request = NormalizeRequest {
        store,
        lock,
        load_id,
        base_schema: None,
        contracts: None,
        workers: 1,
        settings: NormalizeSettings::default(),
        runtime: runtime(),
    };
    if normalize(&request).is_ok_and(|report| report.published) {
        look_at(store, load_id);
    }
    for folder in [Folder::Extracted, Folder::Normalized] {
        if let Ok(package) = store.open_package(folder, load_id) {
            // Other documents of the folder may be damaged.
            drop(package.discard());
        }
    }
}

/// What normalize has published is whole, its schema is one, and its files can be read.
fn look_at(store: &PackageStore, load_id: &LoadId) {
    // Where a package of this id was there before, nothing is normalized, and what is there may be damaged.
    let Ok(package) = store.open_package(Folder::Normalized, load_id) else { return };
    package.verify().expect("what was published is whole");
    let schema = package.schema_json().expect("a package has a schema");
    Schema::from_json(&schema).expect("the schema of a normalized package is one");
    for file in &package.manifest().files {
        let path = package.job_path(JobState::New, &file.name);
        if file.format == FileFormat::Parquet {
            parquet::verify(&path, 1).expect("a file that was written can be read");
            let rows = parquet::examine(&path).expect("a file that was written can be read").rows;
            assert_eq!(rows, file.rows, "{} has as many rows as the package says", file.name);
        }
    }
}

/// A clock that stands still and a random source that begins at the same place each time.
pub fn runtime() -> Runtime {
    Runtime::repeatable(NOW_UNIX_MICROS, 7)
}

/// An empty folder for this process alone. It is left behind: libFuzzer ends the process where it stands.
pub fn temporary_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cartage-fuzz-{}", std::process::id()));
    clear(&folder);
    folder
}

/// Makes a folder that is empty.
pub fn clear(folder: &Path) {
    drop(fs::remove_dir_all(folder));
    fs::create_dir_all(folder).expect("the temporary folder can be written");
}
