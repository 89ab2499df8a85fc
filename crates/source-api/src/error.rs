//! What can go wrong in a source.

use std::error::Error as StdError;
use std::fmt::{self, Display};
use std::io;
use std::sync::Arc;

use cartage_data_files::parquet::ParquetError;
use thiserror::Error;

/// A place in an input, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputPosition {
    /// The input as the user knows it: a path, a URL without secrets, `standard input`.
    pub source: Arc<str>,
    /// Line from 1.
    pub line: u64,
    /// Byte in the line from 1, where it helps.
    pub column: Option<u64>,
}

impl Display for InputPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.source, self.line)?;
        self.column.map_or(Ok(()), |column| write!(f, " column {column}"))
    }
}

/// A producer cannot go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The input is not what it should be at this place.
    #[error("{place}: {reason}")]
    Malformed {
        /// File, line and column.
        place: InputPosition,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The input cannot be used at all.
    #[error("{input}: {reason}")]
    Unusable {
        /// The input as messages name it.
        input: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The system refused to open or read the input.
    #[error("cannot read {input}")]
    Read {
        /// The input as messages name it.
        input: String,
        /// What the system said.
        source: io::Error,
    },
    /// The cursor or the key of a row cannot be used for incremental loading.
    #[error("{place}: {problem}")]
    Cursor {
        /// The input and line, or as much as is known.
        place: String,
        /// What is wrong and what to do.
        problem: Box<dyn StdError + Send + Sync>,
    },
    /// The resource is configured in a way that cannot work.
    #[error("{0}")]
    Config(String),
    /// The producer's own code panicked.
    #[error("the producer panicked: {0}")]
    Panicked(String),
    /// Any error of a producer in another crate.
    #[error(transparent)]
    Other(Box<dyn StdError + Send + Sync>),
}

impl SourceError {
    /// What is wrong with a Parquet file that messages call `input`.
    pub fn parquet(input: &str, error: ParquetError) -> Self {
        let input = input.to_owned();
        match error {
            ParquetError::Io { source, .. } => Self::Read { input, source },
            error => Self::Unusable { input, reason: error.reason() },
        }
    }
}
