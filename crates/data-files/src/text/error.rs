//! What can go wrong with a file of lines.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file of lines could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TextError {
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// `create` or `write`.
        action: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A column has a type that has no text.
    #[error("column {column} has type {data_type}, which cannot be written as text; use parquet")]
    Type {
        /// Name of the column, as in the schema.
        column: String,
        /// Arrow type of the column.
        data_type: String,
    },
    /// CSV has no bytes, only text.
    #[error("column {column} holds bytes that are not UTF-8, which csv cannot hold; use jsonl or parquet")]
    Bytes {
        /// Name of the column, as in the schema.
        column: String,
    },
}

impl TextError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}
