//! Appending encoded lines to a file.

use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3Default;

use super::layout::pack;
use super::{EncodedLines, TextError, TextLayout};
use crate::blocks::FileStats;

/// Writes one file. Nothing is synced: sealing the package does that once for all files.
pub struct LinesWriter {
    path: PathBuf,
    /// Open while lines are written.
    file: Option<File>,
    hash: Box<Xxh3Default>,
    stats: FileStats,
    is_packed: bool,
}

impl Debug for LinesWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinesWriter")
            .field("path", &self.path)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

impl LinesWriter {
    /// Creates the file, which must not exist, with its header.
    ///
    /// # Errors
    /// [`TextError::Io`] if it cannot be created or written.
    pub fn create(path: &Path, layout: &TextLayout) -> Result<Self, TextError> {
        let file = File::create_new(path).map_err(|source| TextError::io("create", path, source))?;
        let stats = FileStats { rows: 0, bytes: 0, uncompressed_bytes: 0, checksum: 0 };
        let is_packed = layout.is_packed();
        let mut writer =
            Self { path: path.to_owned(), file: Some(file), hash: Box::default(), stats, is_packed };
        if let Some(header) = layout.header() {
            writer.append(&header)?;
        }
        Ok(writer)
    }

    /// Appends lines.
    ///
    /// # Errors
    /// [`TextError::Io`]; the file is then unusable.
    pub fn append(&mut self, lines: &EncodedLines) -> Result<(), TextError> {
        self.write(&lines.bytes).map_err(|source| TextError::io("write", &self.path, source))?;
        self.stats.rows += lines.rows;
        self.stats.uncompressed_bytes += lines.uncompressed;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            closed => closed.insert(File::options().append(true).open(&self.path)?),
        };
        file.write_all(bytes)?;
        self.hash.update(bytes);
        self.stats.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Closes the file until more is written, for callers with more files than a process may have open.
    pub fn rest(&mut self) {
        self.file = None;
    }

    /// Rows appended so far.
    pub fn rows(&self) -> u64 {
        self.stats.rows
    }

    /// Bytes appended so far.
    pub fn bytes(&self) -> u64 {
        self.stats.bytes
    }

    /// Closes the file and tells what it holds. A packed file without lines is an empty member, not no bytes.
    ///
    /// # Errors
    /// [`TextError::Io`] if it cannot be written.
    pub fn finish(mut self) -> Result<FileStats, TextError> {
        if self.is_packed && self.stats.bytes == 0 {
            self.write(&pack(b"")).map_err(|source| TextError::io("write", &self.path, source))?;
        }
        Ok(FileStats { checksum: self.hash.digest128(), ..self.stats })
    }
}
