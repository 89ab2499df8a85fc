//! What can go wrong with a Parquet file.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use cartage_runtime::Panicked;
use thiserror::Error;

/// A Parquet file could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ParquetError {
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// `open`, `read` or `create`.
        action: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Columns could not be encoded or written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Path of the file.
        path: PathBuf,
        /// What the Parquet library said.
        source: parquet::errors::ParquetError,
    },
    /// The file is not a Parquet file, or damaged.
    #[error("cannot read {}: it is not a Parquet file or damaged", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// What the Parquet library said.
        source: parquet::errors::ParquetError,
    },
    /// Rows of the file could not be decoded.
    #[error("cannot decode rows of {}", path.display())]
    Decode {
        /// Path of the file.
        path: PathBuf,
        /// What the Arrow library said.
        source: ArrowError,
    },
    /// The file contradicts itself.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// How that shows.
        reason: String,
    },
    /// The file is encrypted.
    #[error("{} is encrypted", path.display())]
    Encrypted {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file is right but has something that is not read.
    #[error("{} cannot be read: {what}", path.display())]
    Unsupported {
        /// Path of the file.
        path: PathBuf,
        /// What it has.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A timestamp of twelve bytes has no place in 64 bits.
    #[error("{}: column `{column}`, row {row}: cannot read the timestamp (int96): {reason}", path.display())]
    Timestamp {
        /// Path of the file.
        path: PathBuf,
        /// The column, with those above it.
        column: String,
        /// The row, from 1.
        row: u64,
        /// What is wrong, as text for people.
        reason: String,
    },
    /// Columns do not fit the layout they are encoded with.
    #[error("cannot encode a row group")]
    Encode(#[from] parquet::errors::ParquetError),
    /// The library panicked while it encoded columns.
    #[error("cannot encode a row group: the Parquet library panicked: {0}")]
    EncodePanicked(Panicked),
}

impl ParquetError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(super) fn write(path: &Path, source: parquet::errors::ParquetError) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    pub(super) fn read(path: &Path, source: parquet::errors::ParquetError) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    pub(super) fn panicked(path: &Path, panic: &Panicked) -> Self {
        Self::damaged(path, format!("the Parquet library panicked: {panic}"))
    }

    pub(super) fn unsupported(path: &Path, what: String, remedy: &'static str) -> Self {
        Self::Unsupported { path: path.to_owned(), what, remedy }
    }

    /// What is wrong with a file of the user and what to do about it, for callers that name the file themselves.
    pub fn reason(&self) -> String {
        const AGAIN: &str = "write or copy it again";
        match self {
            Self::Read { source, .. } => format!("is not a complete Parquet file: {source}; {AGAIN}"),
            Self::Decode { source, .. } => format!("is a damaged Parquet file: {source}; {AGAIN}"),
            Self::Damaged { reason, .. } => format!("is not a complete Parquet file: {reason}; {AGAIN}"),
            Self::Encrypted { .. } => {
                "is encrypted, and no keys are asked for; write it without encryption".to_owned()
            }
            Self::Unsupported { what, remedy, .. } => format!("{what}, which is not read; {remedy}"),
            Self::Timestamp { column, row, reason, .. } => format!(
                "column `{column}`, row {row}: the timestamp (int96) cannot be read: {reason}; correct it, or write the \
                 column as a timestamp of 64 bits"
            ),
            other => match other.source() {
                Some(cause) => format!("{other}: {cause}"),
                None => other.to_string(),
            },
        }
    }

    /// Whether the bytes of the file are to blame: reading it again, with other settings even, ends as before.
    pub fn is_of_the_file(&self) -> bool {
        matches!(
            self,
            Self::Read { .. }
                | Self::Decode { .. }
                | Self::Damaged { .. }
                | Self::Encrypted { .. }
                | Self::Unsupported { .. }
                | Self::Timestamp { .. }
        )
    }
}
