//! Load packages on disk: format, staging, publish, jobs, locks and sweep.
//!
//! Stages meet only here. A stage takes its [`StageLock`], writes a [`StagedPackage`] that no other process sees,
//! seals it and publishes it in one step; the next stage opens the [`PublishedPackage`], verifies it and
//! moves its jobs. `docs/package-format.md` describes what is on the disk.
//!
//! # Invariants
//! - A folder with a `package.json` is a complete package; one without is not, and is swept.
//! - Every rename and every sync of a package happens in this crate.
//! - A process may end after any step: the next one finds the state before or after the operation.
//! - No name out of a package leads out of its folder.
//! - What a stage leaves for another beside rows and documents is a field of [`PackageSettings`].
//!
//! # Limitations
//! - Packages live on a file system with locks and atomic renames of files; object storage is not one.
//! - Checksums find accidents, not forgery.
//! - Moving jobs, discarding and moving packages trust the caller to hold the lock of the stage.
//!
//! # Example
//! ```
//! use cartage_package_store::*;
//! use cartage_runtime::Stage;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = PackageStore::open(folder.path(), "shop", StoreOptions::default())?;
//! let lock = store.lock(Stage::Extract, Wait::Fail)?;
//! store.sweep(&lock)?;
//!
//! let staged = store.stage(&lock, store.next_load_id(1_795_163_558_208_462)?, 7)?;
//! let name = JobFileName::new("orders", "0011223344", FileFormat::Jsonl, None)?;
//! std::fs::write(staged.job_path(&name), "{\"id\":1}\n")?;
//! staged.write_schema("{}")?;
//! let file = FileDraft { rows: 1, uncompressed_bytes: 9, ..FileDraft::new(name, "orders") };
//! let sealed = staged.seal(ManifestDraft { files: vec![file], ..ManifestDraft::default() })?;
//! sealed.publish(Extracted)?;
//!
//! for load_id in store.list(Folder::Extracted)? {
//!     store.open_package(Extracted, &load_id)?.verify()?;
//! }
//! # Ok(())
//! # }
//! ```

mod checksum;
mod describe;
mod disk;
mod documents;
mod error;
mod format;
mod fs;
mod handoff;
mod invalid_name;
mod io_hint;
mod job_name;
mod jobs;
mod layout;
mod load_id;
mod lock;
mod manifest;
mod package;
mod package_json;
mod pipeline_dir;
mod publish;
mod published;
mod scratch;
mod seal;
mod store;
mod sweep;
mod verify;
mod write_back;
mod writer;

pub use cartage_runtime::{Codec, FileFormat, PageCompression};
pub use checksum::{Checksum, InvalidChecksum};
pub use describe::{JobDescription, PackageDescription};
pub use documents::{Documents, RunMarker};
pub use error::{Damage, Error, ErrorKind};
pub use format::{FOLDER_FORMAT, Folder, FormatVersion, JobState, PACKAGE_FORMAT};
pub use fs::{Entry, EntryKind, FileLock, FileSystem, RealFs};
pub use handoff::{
    ColumnPlace, DataWriter, DestinationTraits, MergeStrategy, PackageSettings, Refresh, RefreshTables,
    ReplaceStrategy,
};
pub use invalid_name::InvalidName;
pub use io_hint::io_hint;
pub use job_name::{JobFileName, QuarantineFileName};
pub use jobs::LockedJobs;
pub use load_id::LoadId;
pub use lock::{LockError, Owner, RunLock, StageLock, Wait};
pub use manifest::{
    DocumentEntry, FileDraft, FileEntry, Manifest, ManifestDraft, QuarantineDraft, QuarantineEntry,
    ResourceEntry, SourceRange, WrittenFile,
};
pub use package::Package;
pub use published::{Extracted, InFolder, Loaded, Normalized, PublishedPackage};
pub use scratch::replace_file;
pub use store::{PackageStore, StoreOptions};
pub use sweep::{SweepReason, SweepReport, Swept};
pub use writer::{SealedPackage, StagedPackage};
