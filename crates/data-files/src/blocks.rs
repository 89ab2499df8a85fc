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

use cartage_runtime::Codec;

/// Uncompressed bytes with which a block is full.
pub const BLOCK_BYTES: usize = 4 << 20;

/// Uncompressed bytes that no block exceeds; a header that claims more is taken for damage.
pub(crate) const MAX_BLOCK_BYTES: usize = 1 << 30;

/// How the blocks of a file are stored: of the codecs of files, those that can be read block by block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Packing {
    /// Plain text (`disable_compression`).
    Plain,
    /// One zstd frame a block, with content size and checksum.
    Zstd,
}

impl Packing {
    /// The packing of a file with this codec; `None` where files with it have no blocks.
    pub fn of(codec: Option<Codec>) -> Option<Self> {
        match codec {
            None => Some(Self::Plain),
            Some(Codec::Zst) => Some(Self::Zstd),
            Some(Codec::Gz) => None,
        }
    }
}
