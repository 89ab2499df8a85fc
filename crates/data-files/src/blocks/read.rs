//! Reading block files one block at a time.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use memchr::memchr;
use zstd::bulk::decompress_to_buffer;
use zstd::zstd_safe;

use super::{BLOCK_BYTES, BlockError, MAX_BLOCK_BYTES, Packing};

/// Enough of a zstd frame to read any frame header.
const HEADER_BYTES: usize = 18;

/// How much is asked of the file at once.
const READ_BYTES: usize = 256 << 10;

/// Reads the blocks of one file in order. Holds one stored block at a time.
#[derive(Debug)]
pub struct BlockReader {
    path: Arc<Path>,
    file: File,
    packing: Packing,
    /// Bytes read and not handed out yet; they begin at `offset` in the file.
    buffer: Vec<u8>,
    offset: u64,
    index: u64,
    at_end: bool,
}

/// Rows of one block as they are stored. Blocks can be sent to other threads and decompressed there.
#[derive(Clone, Debug)]
pub struct Block {
    /// Position of the block in its file, from 0.
    pub index: u64,
    /// Where the block begins in the file, in stored bytes.
    pub offset: u64,
    /// Bytes of the rows.
    pub uncompressed_bytes: usize,
    path: Arc<Path>,
    packing: Packing,
    stored: Vec<u8>,
}

impl BlockReader {
    /// Opens a block file.
    ///
    /// # Errors
    /// [`BlockError::Io`] if it cannot be opened.
    pub fn open(path: &Path, packing: Packing) -> Result<Self, BlockError> {
        let file = File::open(path).map_err(|source| BlockError::Io {
            action: "open",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self { path: path.into(), file, packing, buffer: Vec::new(), offset: 0, index: 0, at_end: false })
    }

    /// The next block, `None` after the last one.
    ///
    /// # Errors
    /// [`BlockError::Damaged`] if the file ends inside a block or the next bytes are not a block,
    /// [`BlockError::Io`] if it cannot be read.
    pub fn next_block(&mut self) -> Result<Option<Block>, BlockError> {
        let found = match self.packing {
            Packing::Plain => self.plain_block()?,
            Packing::Zstd => self.zstd_block()?,
        };
        let Some((stored_bytes, uncompressed_bytes)) = found else { return Ok(None) };
        let rest = self.buffer.split_off(stored_bytes);
        let block = Block {
            index: self.index,
            offset: self.offset,
            uncompressed_bytes,
            path: Arc::clone(&self.path),
            packing: self.packing,
            stored: std::mem::replace(&mut self.buffer, rest),
        };
        self.index += 1;
        self.offset += stored_bytes as u64;
        Ok(Some(block))
    }

    /// Stored and uncompressed size of the block at the beginning of the buffer.
    fn plain_block(&mut self) -> Result<Option<(usize, usize)>, BlockError> {
        let mut searched = BLOCK_BYTES - 1;
        self.fill(BLOCK_BYTES)?;
        loop {
            if let Some(position) = self.buffer.get(searched..).and_then(|tail| memchr(b'\n', tail)) {
                let size = searched + position + 1;
                return Ok(Some((size, size)));
            }
            if self.at_end {
                let size = self.buffer.len();
                return match self.buffer.last() {
                    None => Ok(None),
                    Some(b'\n') => Ok(Some((size, size))),
                    Some(_) => Err(self.damaged("the last row has no line end, so the file was truncated")),
                };
            }
            searched = self.buffer.len().max(searched);
            if searched > MAX_BLOCK_BYTES {
                return Err(self.damaged("a row is longer than any block may be"));
            }
            self.fill(searched + READ_BYTES)?;
        }
    }

    fn zstd_block(&mut self) -> Result<Option<(usize, usize)>, BlockError> {
        self.fill(HEADER_BYTES)?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let size = match zstd_safe::get_frame_content_size(&self.buffer) {
            Ok(Some(size)) if size <= MAX_BLOCK_BYTES as u64 => size as usize,
            Ok(Some(size)) => return Err(self.damaged(&format!("a block claims to hold {size} bytes"))),
            Ok(None) => return Err(self.damaged("a block does not say how much it holds")),
            Err(_) if self.at_end && self.buffer.len() < HEADER_BYTES => {
                return Err(self.damaged("the file ends inside a block"));
            }
            Err(_) => return Err(self.damaged("no block begins here")),
        };
        self.fill(READ_BYTES)?;
        loop {
            if let Ok(stored) = zstd_safe::find_frame_compressed_size(&self.buffer) {
                return Ok(Some((stored, size)));
            }
            if self.at_end {
                return Err(
                    self.damaged("the file ends inside a block, or the block's inner sizes are wrong")
                );
            }
            if self.buffer.len() > zstd_safe::compress_bound(size) + HEADER_BYTES {
                return Err(self.damaged("the block's inner sizes are wrong"));
            }
            self.fill(self.buffer.len() * 2)?;
        }
    }

    /// Reads until the buffer holds `wanted` bytes or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<(), BlockError> {
        while self.buffer.len() < wanted && !self.at_end {
            let missing = (wanted - self.buffer.len()).max(READ_BYTES);
            let read = (&mut self.file).take(missing as u64).read_to_end(&mut self.buffer);
            match read {
                Ok(0) => self.at_end = true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(BlockError::Io { action: "read", path: self.path.to_path_buf(), source });
                }
            }
        }
        Ok(())
    }

    fn damaged(&self, reason: &str) -> BlockError {
        BlockError::Damaged { path: self.path.to_path_buf(), offset: self.offset, reason: reason.to_owned() }
    }
}

impl Block {
    /// A block of rows that are in no file, each ended by a line feed.
    pub fn of_rows(rows: Vec<u8>) -> Self {
        let path = Arc::from(Path::new("memory"));
        Self {
            index: 0,
            offset: 0,
            uncompressed_bytes: rows.len(),
            path,
            packing: Packing::Plain,
            stored: rows,
        }
    }

    /// The rows, each ended by a line feed. `scratch` is overwritten where the block must be
    /// decompressed; handing in the same buffer again saves allocations.
    ///
    /// # Errors
    /// [`BlockError::Damaged`] if the block does not hold what its header says or ends inside a row.
    pub fn rows<'a>(&'a self, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], BlockError> {
        let rows: &[u8] = match self.packing {
            Packing::Plain => &self.stored,
            Packing::Zstd => self.decompress(scratch)?,
        };
        match rows.last() {
            None | Some(b'\n') => Ok(rows),
            Some(_) => Err(self.damaged("the block does not end with a whole row")),
        }
    }

    /// Puts the rows into a buffer, in place of what it held: for who changes them, as parsers do.
    ///
    /// # Errors
    /// As [`Block::rows`].
    pub fn copy_rows(&self, into: &mut Vec<u8>) -> Result<(), BlockError> {
        match self.packing {
            Packing::Plain => {
                into.clear();
                into.extend_from_slice(self.rows(&mut Vec::new())?);
            }
            Packing::Zstd => {
                self.rows(into)?;
            }
        }
        Ok(())
    }

    fn decompress<'a>(&self, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], BlockError> {
        scratch.resize(self.uncompressed_bytes, 0);
        let written = decompress_to_buffer(&self.stored, scratch.as_mut_slice())
            .map_err(|error| self.damaged(&error.to_string()))?;
        if written != self.uncompressed_bytes {
            return Err(self.damaged("the block holds less than its header says"));
        }
        Ok(&scratch[..written])
    }

    fn damaged(&self, reason: &str) -> BlockError {
        BlockError::Damaged { path: self.path.to_path_buf(), offset: self.offset, reason: reason.to_owned() }
    }
}
