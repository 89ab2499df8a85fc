//! What can go wrong with a Parquet file.

use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use thiserror::Error;

/// A Parquet file could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ParquetError {
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// `open` or `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Columns could not be encoded or written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the Parquet library said.
        source: parquet::errors::ParquetError,
    },
    /// The file is no Parquet file, or damaged.
    #[error("cannot read {}: it is no Parquet file or damaged", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the Parquet library said.
        source: parquet::errors::ParquetError,
    },
    /// Rows of the file could not be decoded.
    #[error("cannot decode rows of {}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What the Arrow library said.
        source: ArrowError,
    },
    /// Columns do not fit the layout they are encoded with.
    #[error("cannot encode a row group")]
    Encode(#[from] parquet::errors::ParquetError),
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
}
