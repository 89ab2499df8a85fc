//! `package.json`: what is in a package, and how it is known to be whole.

use std::collections::BTreeMap;

use cartage_runtime::{Codec, FileFormat};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::checksum::Checksum;
use crate::format::FormatVersion;
use crate::handoff::PackageSettings;
use crate::job_name::{JobFileName, QuarantineFileName};
use crate::load_id::LoadId;

/// The content of `package.json`. It is written once, last, and never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the package format.
    pub format: FormatVersion,
    /// Load id of the package.
    pub load_id: LoadId,
    /// The stage that wrote it: `extract` or `normalize`.
    pub stage: String,
    /// The pipeline it belongs to.
    pub pipeline: String,
    /// The schema of its tables.
    pub schema_name: String,
    /// When the stage made it.
    pub created_at: DateTime<Utc>,
    /// Program and version that wrote it.
    pub producer: String,
    /// The run that wrote it.
    pub run_id: String,
    /// Settings that shape the bytes of this package or of what the next stage makes of it.
    pub settings: PackageSettings,
    /// The resources that were extracted.
    pub resources: Vec<ResourceEntry>,
    /// The job files, in the order in which their rows follow one another.
    pub files: Vec<FileEntry>,
    /// Files of rows that the stage could not use.
    pub quarantine: Vec<QuarantineEntry>,
    /// `schema.json`, `state.json` and so on, by name.
    pub documents: BTreeMap<String, DocumentEntry>,
    /// Checksum of the `package.json` that this package was made from.
    pub parent: Option<Checksum>,
}

/// A resource that was extracted into a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceEntry {
    /// Name of the resource.
    pub name: String,
    /// The table its rows go to.
    pub table: String,
    /// dlt's word: `append`, `replace`, `merge` or `skip`.
    pub write_disposition: String,
    /// Whether extracting it again cannot double rows.
    pub resumable: bool,
}

/// A job file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name when the package was published; the retry count in the name may have gone up since.
    pub name: JobFileName,
    /// The table its rows go to.
    pub table: String,
    /// How its rows are written.
    pub format: FileFormat,
    /// How it is compressed as a whole.
    pub codec: Option<Codec>,
    /// Number of rows.
    pub rows: u64,
    /// Its size on disk, in bytes.
    pub bytes: u64,
    /// Size of its rows before compression, in bytes.
    pub uncompressed_bytes: u64,
    /// Checksum of the bytes on disk.
    pub checksum: Checksum,
    /// Where its rows come from, in their order; empty where the source has no lines to tell.
    pub origins: Vec<SourceRange>,
}

/// A run of rows of a job file that follow one another in one source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRange {
    /// The source, as a person would name it: a path, a URL.
    pub source: String,
    /// Line of the first of these rows in the source, from 1.
    pub first_line: u64,
    /// Index of the first of these rows in the job file, from 0.
    pub first_row: u64,
    /// Number of rows.
    pub rows: u64,
}

/// A file of quarantined rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineEntry {
    /// Its name in `quarantine/`.
    pub name: QuarantineFileName,
    /// The table the rows were meant for.
    pub table: String,
    /// Number of rows.
    pub rows: u64,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Checksum of its bytes.
    pub checksum: Checksum,
}

/// A document of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentEntry {
    /// Its size, in bytes.
    pub bytes: u64,
    /// Checksum of its bytes.
    pub checksum: Checksum,
}

/// What a stage says about the package it has written; sizes and checksums are added by
/// [`seal`](crate::StagedPackage::seal), and so are load id, stage and pipeline.
#[derive(Clone, Debug, Default)]
pub struct ManifestDraft {
    /// As [`Manifest::schema_name`].
    pub schema_name: String,
    /// As [`Manifest::created_at`].
    pub created_at: DateTime<Utc>,
    /// As [`Manifest::producer`].
    pub producer: String,
    /// As [`Manifest::run_id`].
    pub run_id: String,
    /// As [`Manifest::settings`].
    pub settings: PackageSettings,
    /// As [`Manifest::resources`].
    pub resources: Vec<ResourceEntry>,
    /// As [`Manifest::files`].
    pub files: Vec<FileDraft>,
    /// As [`Manifest::quarantine`].
    pub quarantine: Vec<QuarantineDraft>,
    /// As [`Manifest::parent`].
    pub parent: Option<Checksum>,
}

/// What a stage says about a job file.
#[derive(Clone, Debug)]
pub struct FileDraft {
    /// Its name; format and codec follow from it.
    pub name: JobFileName,
    /// As [`FileEntry::table`].
    pub table: String,
    /// As [`FileEntry::rows`].
    pub rows: u64,
    /// As [`FileEntry::uncompressed_bytes`].
    pub uncompressed_bytes: u64,
    /// Size and checksum from the writer, so that the file need not be read again.
    pub written: Option<WrittenFile>,
    /// As [`FileEntry::origins`].
    pub origins: Vec<SourceRange>,
}

impl FileDraft {
    /// A file without rows, whose checksum is computed when the package is sealed.
    pub fn new(name: JobFileName, table: impl Into<String>) -> Self {
        Self { name, table: table.into(), rows: 0, uncompressed_bytes: 0, written: None, origins: Vec::new() }
    }
}

/// What a stage says about a file of quarantined rows.
#[derive(Clone, Debug)]
pub struct QuarantineDraft {
    /// Name of the file in the folder of the quarantine.
    pub name: QuarantineFileName,
    /// As [`QuarantineEntry::table`].
    pub table: String,
    /// As [`QuarantineEntry::rows`].
    pub rows: u64,
}

/// What the writer of a file counted while writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Bytes on disk.
    pub bytes: u64,
    /// Checksum of these bytes.
    pub checksum: Checksum,
}
