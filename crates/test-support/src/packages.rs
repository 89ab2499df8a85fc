//! A pipeline in a temporary folder, and little packages.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartage_package_store::{
    Checksum, FileDraft, FileFormat, FileSystem, JobFileName, ManifestDraft, PackageStore, SealedPackage,
    StageLock, StoreOptions,
};
use cartage_runtime::{Runtime, Stage};
use tempfile::TempDir;

/// The moment at which [`runtime`] stands: 2026-11-20T05:32:38.208462Z.
const NOW_UNIX_MICROS: i64 = 1_795_152_758_208_462;

/// What is between the text of a `package.json` and its checksum.
const ENDING: &str = ",\n  \"checksum\": \"";

/// A clock that stands still, a seeded random source, no progress.
pub fn runtime() -> Runtime {
    Runtime::repeatable(NOW_UNIX_MICROS, 7)
}

/// An empty pipeline in a temporary folder that vanishes with it.
#[derive(Debug)]
pub struct TempPipeline {
    folder: TempDir,
    /// Its packages, without waiting for the disk.
    pub store: PackageStore,
}

impl TempPipeline {
    /// A pipeline called `test`.
    #[expect(clippy::new_without_default, reason = "making folders is not a default")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder can be written");
        let options = StoreOptions { durable: false, ..StoreOptions::of(&runtime()) };
        let store = PackageStore::open(&folder.path().join("pipelines/test"), "test", options);
        Self { store: store.expect("an empty folder can be opened"), folder }
    }

    /// The temporary folder; the pipeline is somewhere below it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The pipeline opened again, as another process would, with the file system `fs`.
    pub fn reopen(&self, fs: Arc<dyn FileSystem>) -> PackageStore {
        let options = StoreOptions { fs, durable: false, ..StoreOptions::of(&runtime()) };
        PackageStore::open(self.store.dir(), "test", options).expect("the pipeline can be opened again")
    }
}

/// The name of the first file of a table, in plain `jsonl`.
pub fn job(table: &str) -> JobFileName {
    JobFileName::new(table, "0011223344", FileFormat::Jsonl, None).expect("the table has a name")
}

/// Writes and seals a package with one `jsonl` file a table, through the file system `fs` of the store.
///
/// An extracted package gets the next free load id from `micros` on, others that of `micros`. Schema and
/// state are `{}`.
///
/// # Errors
/// Those of the store, so that tests can let it fail.
pub fn stage_package(
    store: &PackageStore,
    fs: &dyn FileSystem,
    lock: &StageLock,
    micros: i64,
    tables: &[(&str, &str)],
) -> Result<SealedPackage, cartage_package_store::Error> {
    let load_id = match lock.stage() {
        Stage::Extract => store.next_load_id(micros)?,
        Stage::Normalize | Stage::Load => cartage_package_store::LoadId::from_unix_micros(micros),
    };
    let staged = store.stage(lock, load_id, 7)?;
    let mut files = Vec::new();
    for (table, rows) in tables {
        let path = staged.job_path(&job(table));
        fs.write(&path, rows.as_bytes()).map_err(|source| write_error(path, source))?;
        let mut file = FileDraft::new(job(table), *table);
        file.rows = rows.lines().count() as u64;
        file.uncompressed_bytes = rows.len() as u64;
        files.push(file);
    }
    staged.write_schema("{}")?;
    staged.write_state("{}")?;
    staged.seal(ManifestDraft { schema_name: "test".to_owned(), files, ..ManifestDraft::default() })
}

/// Writes the `package.json` of the package in `folder` anew as `change` makes it, with the checksum of what it says
/// then: as a program would leave it that writes something else than this one.
pub fn rewrite_package_json(folder: &Path, change: impl FnOnce(String) -> String) {
    let path = folder.join("package.json");
    let text = std::fs::read_to_string(&path).expect("the package has a package.json");
    let (body, _) = text.rsplit_once(ENDING).expect("a package.json ends with its checksum");
    let changed = change(body.to_owned());
    let checksum = Checksum::of(changed.as_bytes());
    std::fs::write(path, format!("{changed}{ENDING}{checksum}\"\n}}\n")).expect("the file can be written");
}

fn write_error(path: PathBuf, source: std::io::Error) -> cartage_package_store::Error {
    cartage_package_store::Error::Io { action: "write", path, source }
}

/// Every file below a folder with its bytes, by relative path in order.
pub fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    collect(folder, "", &mut files);
    files.sort();
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, std::fs::read(entry.path()).expect("the file can be read")));
        }
    }
}
