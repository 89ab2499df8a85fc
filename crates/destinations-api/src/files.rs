//! The files that a destination is handed: their formats and what is known about each.

use std::path::PathBuf;

pub use cartage_runtime::{Codec, FileFormat, PageCompression};

/// One file of a package, to be loaded into one table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobFile {
    /// Names the job in the ledger. The same for every attempt, unique in its load.
    pub id: String,
    /// The table that the rows belong to.
    pub table: String,
    /// Where the file is.
    pub path: PathBuf,
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
    /// A file without codec; see the fields for what each means.
    pub fn new(
        id: impl Into<String>,
        table: impl Into<String>,
        path: impl Into<PathBuf>,
        format: FileFormat,
    ) -> Self {
        Self { id: id.into(), table: table.into(), path: path.into(), format, codec: None, rows: 0, bytes: 0 }
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
