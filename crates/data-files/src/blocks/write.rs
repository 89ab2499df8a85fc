//! Compressing blocks and appending them to a file in order.

use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3Default;
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use super::{BlockError, Packing};

/// Compresses the rows of one block into one zstd frame with content size and checksum.
///
/// The result depends on nothing but the arguments, so that any thread may do it.
///
/// # Errors
/// Fails if zstd cannot get memory or does not know the level.
pub fn compress(raw: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(level)?;
    compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
    compressor.set_parameter(CParameter::ChecksumFlag(true))?;
    compressor.compress(raw)
}

/// What a finished block file holds, as the manifest lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStats {
    /// Rows in the file.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes of the rows before compression.
    pub uncompressed_bytes: u64,
    /// XXH3-128 of the bytes on disk, as package manifests want it.
    pub checksum: u128,
}

/// Appends blocks to one file. Nothing is synced: sealing the package does that once for all files.
pub struct BlockWriter {
    path: PathBuf,
    file: File,
    packing: Packing,
    rows: u64,
    bytes: u64,
    uncompressed_bytes: u64,
    hash: Box<Xxh3Default>,
}

impl Debug for BlockWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockWriter")
            .field("path", &self.path)
            .field("packing", &self.packing)
            .field("rows", &self.rows)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl BlockWriter {
    /// Creates the file, which must not exist.
    ///
    /// # Errors
    /// [`BlockError::Io`] if it exists or cannot be created.
    pub fn create(path: &Path, packing: Packing) -> Result<Self, BlockError> {
        let file = File::create_new(path).map_err(|source| BlockError::Io {
            action: "create",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            packing,
            rows: 0,
            bytes: 0,
            uncompressed_bytes: 0,
            hash: Box::default(),
        })
    }

    /// How the blocks of this file are to be stored.
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// Appends a block as it is to be stored: the output of [`compress`] for [`Packing::Zstd`], the rows
    /// themselves for [`Packing::Plain`]. `rows` and `uncompressed_bytes` tell what it holds.
    ///
    /// # Errors
    /// [`BlockError::Io`]; the file is then unusable.
    pub fn append(&mut self, stored: &[u8], rows: u64, uncompressed_bytes: u64) -> Result<(), BlockError> {
        self.file.write_all(stored).map_err(|source| BlockError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        })?;
        self.hash.update(stored);
        self.rows += rows;
        self.bytes += stored.len() as u64;
        self.uncompressed_bytes += uncompressed_bytes;
        Ok(())
    }

    /// Compresses `rows` where the packing asks for it, and appends them: for writers without a pool.
    ///
    /// # Errors
    /// As [`BlockWriter::append`] and [`compress`].
    pub fn append_rows(&mut self, raw: &[u8], rows: u64, level: i32) -> Result<(), BlockError> {
        match self.packing {
            Packing::Plain => self.append(raw, rows, raw.len() as u64),
            Packing::Zstd => {
                let stored = compress(raw, level).map_err(|source| BlockError::Io {
                    action: "compress a block of",
                    path: self.path.clone(),
                    source,
                })?;
                self.append(&stored, rows, raw.len() as u64)
            }
        }
    }

    /// Closes the file and tells what it holds.
    pub fn finish(self) -> FileStats {
        FileStats {
            rows: self.rows,
            bytes: self.bytes,
            uncompressed_bytes: self.uncompressed_bytes,
            checksum: self.hash.digest128(),
        }
    }
}
