//! The files that a destination is handed: their formats and what is known about each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cartage_config::Secret;
pub use cartage_runtime::{Codec, FileFormat, PageCompression};

use crate::error::{Error, Result};

/// Where a job file can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilePlace {
    /// A path on this machine.
    Local(PathBuf),
    /// Where the engine of the destination reads it by itself. Only for destinations whose capabilities name the
    /// scheme of the URL.
    Staged {
        /// Its address, such as `s3://bucket/folder/file.parquet`.
        url: String,
        /// What the engine needs to read it.
        access: StagedAccess,
    },
}

/// What an engine needs to read a staged file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StagedAccess {
    /// Nothing: it has permissions of its own.
    #[default]
    Own,
    /// These keys, by the names that the credentials of the place have.
    Keys(BTreeMap<String, Secret>),
}

/// One file of a package, to be loaded into one table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobFile {
    /// Names the job in the ledger. The same for every attempt, unique in its load.
    pub id: String,
    /// The table that the rows belong to.
    pub table: String,
    /// Where the file is. Destinations that read files themselves take [`local`](Self::local).
    pub place: FilePlace,
    /// How it is written.
    pub format: FileFormat,
    /// How the whole file is compressed, where it is.
    pub codec: Option<Codec>,
    /// Number of rows, as the package says.
    pub rows: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
}

impl JobFile {
    /// A file of this machine without codec; see the fields for what each means.
    pub fn new(
        id: impl Into<String>,
        table: impl Into<String>,
        path: impl Into<PathBuf>,
        format: FileFormat,
    ) -> Self {
        let place = FilePlace::Local(path.into());
        Self { id: id.into(), table: table.into(), place, format, codec: None, rows: 0, bytes: 0 }
    }

    /// The path of a file on this machine.
    ///
    /// # Errors
    /// Invalid if the file is staged.
    pub fn local(&self) -> Result<&Path> {
        match &self.place {
            FilePlace::Local(path) => Ok(path),
            FilePlace::Staged { url, .. } => Err(Error::invalid(format!(
                "job {} is at {url}, which this destination does not read",
                self.id
            ))
            .with_remedy("leave 'staging' out of [pipeline]")),
        }
    }

    /// The same file at another place.
    #[must_use]
    pub fn at(mut self, place: FilePlace) -> Self {
        self.place = place;
        self
    }

    /// Sets the codec of the whole file.
    #[must_use]
    pub fn with_codec(mut self, codec: Option<Codec>) -> Self {
        self.codec = codec;
        self
    }

    /// Sets how many rows and bytes the file has.
    #[must_use]
    pub fn with_size(mut self, rows: u64, bytes: u64) -> Self {
        self.rows = rows;
        self.bytes = bytes;
        self
    }
}
