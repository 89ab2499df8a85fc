//! What can be wrong with a block file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A block file could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlockError {
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// `open`, `read`, `create` or `write`.
        action: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not hold what its writer wrote.
    #[error(
        "{} is damaged at byte {offset}: {reason}; discard the package and extract again",
        path.display()
    )]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// Where the block begins that cannot be read, in stored bytes.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
}
