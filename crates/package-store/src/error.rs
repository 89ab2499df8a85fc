//! What can go wrong with packages, each with the path it happened at and a remedy.

use std::io;
use std::path::{Path, PathBuf};

use crate::checksum::Checksum;
use crate::format::{Folder, FormatVersion, JobState};
use crate::invalid_name::InvalidName;
use crate::io_hint::io_hint;
use crate::load_id::LoadId;
use crate::lock::LockError;

/// A failed operation on a store or a package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused; [`Error::hint`] knows the usual reasons.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// Where it was tried.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The folder holds a package of this load id; nothing was changed.
    #[error("package {load_id} is already in {folder}/")]
    AlreadyPublished {
        /// Load id of the package.
        load_id: LoadId,
        /// Where it already is.
        folder: Folder,
    },
    /// The package is in its folder, but a power loss may still take it back.
    #[error("package {load_id} is in {folder}/ but {} could not be synced", path.display())]
    NotDurable {
        /// Load id of the package.
        load_id: LoadId,
        /// Where it is visible.
        folder: Folder,
        /// The folder whose sync failed.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// A file of the package is not what its `package.json` says.
    #[error("package {load_id} is damaged: {} {damage}", path.join(file).display())]
    Damaged {
        /// The package, by the name of its folder.
        load_id: String,
        /// The folder of the package.
        path: PathBuf,
        /// The file, relative to `path`.
        file: String,
        /// What is wrong with it.
        damage: Box<Damage>,
    },
    /// There is no such package.
    #[error("there is no package {load_id} in {}", path.display())]
    NoSuchPackage {
        /// The package asked for.
        load_id: String,
        /// The folder it was looked for in.
        path: PathBuf,
    },
    /// There is no pipeline in this folder.
    #[error("there is no pipeline in {}", path.display())]
    NoSuchPipeline {
        /// The folder without `pipeline.json`.
        path: PathBuf,
    },
    /// A newer Cartage wrote this.
    #[error("{} has format {found}, this program reads up to {supported}", path.display())]
    NewerFormat {
        /// The document that tells its version.
        path: PathBuf,
        /// Version that the document names.
        found: FormatVersion,
        /// The newest version this program knows.
        supported: FormatVersion,
    },
    /// A document of the pipeline folder cannot be understood.
    #[error("cannot understand {}: {reason}", path.display())]
    Unreadable {
        /// Path of the document.
        path: PathBuf,
        /// What is wrong, as text for people.
        reason: String,
    },
    /// The folder belongs to a pipeline of another name.
    #[error("{} belongs to pipeline \"{found}\", not to \"{expected}\"", path.display())]
    OtherPipeline {
        /// The folder of the pipeline.
        path: PathBuf,
        /// The name it was made for.
        found: String,
        /// The name it was opened as.
        expected: String,
    },
    /// The name cannot be part of a path below the pipeline.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// A writer said something about a file that its folder does not confirm.
    #[error("cannot seal package {load_id}: {file} {problem}")]
    NotSealable {
        /// Load id of the package.
        load_id: LoadId,
        /// The file, relative to the package.
        file: String,
        /// What does not fit.
        problem: String,
    },
    /// The job is not in the state that the move starts from.
    #[error("package {load_id} has no job {job} in {state}/")]
    NoSuchJob {
        /// Load id of the package.
        load_id: LoadId,
        /// The file name of the job.
        job: String,
        /// Where it was expected.
        state: JobState,
    },
    /// A package was to be changed with the lock of another stage or pipeline.
    #[error("package {load_id} needs the lock {}, but {} was given", needed.display(), given.display())]
    WrongLock {
        /// Load id of the package.
        load_id: LoadId,
        /// The file of the lock that protects it.
        needed: PathBuf,
        /// The file of the lock that was given.
        given: PathBuf,
    },
    /// A lock could not be taken.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// What the caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A package is inconsistent: touch nothing that depends on it (exit code 5).
    Damaged,
    /// Another process works on the pipeline (exit code 6).
    Locked,
    /// A newer program has to be used.
    NewerFormat,
    /// The caller named something that does not exist or is not allowed.
    Invalid,
    /// The disk, its permissions or its space.
    Io,
}

impl Error {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Damaged { .. } | Self::Unreadable { .. } => ErrorKind::Damaged,
            Self::NewerFormat { .. } => ErrorKind::NewerFormat,
            Self::Lock(lock) if lock.is_held() => ErrorKind::Locked,
            Self::Io { .. } | Self::NotDurable { .. } | Self::Lock(_) => ErrorKind::Io,
            _ => ErrorKind::Invalid,
        }
    }

    /// The remedy, one line for people.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } | Self::NotDurable { source, .. } => io_hint(source).map(str::to_owned),
            Self::Damaged { load_id, .. } => Some(format!(
                "nothing was done with package {load_id}; put the file back from a copy, or drop pending packages with `cartage abort`"
            )),
            Self::NewerFormat { .. } => Some("use the newer cartage that wrote it".to_owned()),
            Self::Unreadable { path, .. } => {
                Some(format!("put {} back from a copy, or remove it to start without it", path.display()))
            }
            Self::OtherPipeline { found, .. } => {
                Some(format!("name the pipeline \"{found}\" or give this one its own data folder"))
            }
            Self::NoSuchPipeline { .. } => {
                Some("run the pipeline once, or check CARTAGE_DATA_DIR".to_owned())
            }
            Self::NoSuchPackage { .. } => Some("`cartage package list` shows the packages".to_owned()),
            Self::Lock(lock) => lock.hint(),
            _ => None,
        }
    }
}

/// What is wrong with a file of a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Listed in `package.json`, but not there.
    #[error("is missing")]
    Missing,
    /// There, but not listed in `package.json`.
    #[error("is unknown to package.json")]
    Unknown,
    /// Shorter than it was.
    #[error("is truncated: {found} of {expected} bytes are left")]
    Cut {
        /// Bytes when it was sealed.
        expected: u64,
        /// Size on disk, in bytes.
        found: u64,
    },
    /// Longer than it was.
    #[error("has grown from {expected} to {found} bytes")]
    Grown {
        /// Bytes when it was sealed.
        expected: u64,
        /// Size on disk, in bytes.
        found: u64,
    },
    /// As long as it was, with other bytes.
    #[error("has changed: its checksum was {expected} and is {found}")]
    Changed {
        /// Checksum when it was sealed.
        expected: Checksum,
        /// Checksum of the bytes on disk.
        found: Checksum,
    },
    /// A folder, link or device where a file should be.
    #[error("is not a regular file")]
    NotAFile,
    /// Its content makes no sense.
    #[error("cannot be understood: {reason}")]
    Unreadable {
        /// What is wrong, as text for people.
        reason: String,
    },
}

/// Adds what was tried and where to an error of the file system.
pub(crate) trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { action, path: path.to_owned(), source })
    }
}
