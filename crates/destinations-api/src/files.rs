//! The files that a destination is handed: their formats and what is known about each.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Format of a job file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileFormat {
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
}

impl FileFormat {
    /// The word used in file names and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FileFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "parquet" => Ok(Self::Parquet),
            "jsonl" => Ok(Self::Jsonl),
            "csv" => Ok(Self::Csv),
            other => Err(Error::invalid(format!("file format '{other}' is not known"))
                .with_remedy("use one of parquet, jsonl, csv")),
        }
    }
}

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
    /// `zst` or `gz` where the whole file is compressed.
    pub codec: Option<String>,
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
    pub fn with_codec(mut self, codec: Option<String>) -> Self {
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
