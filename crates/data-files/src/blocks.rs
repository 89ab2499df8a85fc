//! Block files: rows of JSON in independently compressed blocks.
//!
//! Where blocks end depends only on the rows: a block is full with the row that brings it to
//! [`BLOCK_BYTES`] or more. A row longer than that makes a longer block. The reader of plain files
//! cuts by the same rule, so compressed and plain files of equal rows have equal blocks.

mod error;
mod read;
mod write;

pub use error::BlockError;
pub use read::{Block, BlockReader};
pub use write::{BlockWriter, FileStats, compress};

/// Uncompressed bytes with which a block is full.
pub const BLOCK_BYTES: usize = 4 << 20;

/// Uncompressed bytes that no block exceeds; a header that claims more is taken for damage.
pub const MAX_BLOCK_BYTES: usize = 1 << 30;

/// How the blocks of a file are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Plain text (`disable_compression`).
    Plain,
    /// One zstd frame a block, with content size and checksum.
    Zstd,
}

impl Codec {
    /// The codec of a file whose name ends in `extension` (`zst`) or in none.
    pub fn from_extension(extension: Option<&str>) -> Option<Self> {
        match extension {
            None => Some(Self::Plain),
            Some("zst") => Some(Self::Zstd),
            Some(_) => None,
        }
    }

    /// What stands behind the last dot of the file name, if anything.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Zstd => Some("zst"),
        }
    }
}
