//! Appending encoded row groups to a file.

use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parquet::file::metadata::RowGroupMetaData;
use parquet::file::writer::SerializedFileWriter;
use xxhash_rust::xxh3::Xxh3Default;

use super::{EncodedRowGroup, Layout, ParquetError};
use crate::blocks::FileStats;

/// Writes one file. Nothing is synced: sealing the package does that once for all files.
pub struct FileWriter {
    path: PathBuf,
    writer: SerializedFileWriter<SharedOutput>,
    output: SharedOutput,
    rows: u64,
}

impl Debug for FileWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileWriter")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl FileWriter {
    /// Creates the file, which must not exist.
    ///
    /// # Errors
    /// [`ParquetError::Io`] if it cannot be created, [`ParquetError::Write`] if nothing can be written.
    pub fn create(path: &Path, layout: &Layout) -> Result<Self, ParquetError> {
        let file = File::create_new(path).map_err(|source| ParquetError::io("create", path, source))?;
        let output = Output { path: path.to_owned(), file: Some(file), bytes: 0, hash: Box::default() };
        let output = SharedOutput(Arc::new(Mutex::new(output)));
        let writer = SerializedFileWriter::new(output.clone(), layout.root(), layout.properties())
            .map_err(|source| ParquetError::write(path, source))?;
        Ok(Self { path: path.to_owned(), writer, output, rows: 0 })
    }

    /// Appends a row group of the layout the file was created with.
    ///
    /// # Errors
    /// [`ParquetError::Write`]; the file is then unusable.
    pub fn append(&mut self, group: EncodedRowGroup) -> Result<(), ParquetError> {
        self.rows += group.rows;
        self.append_chunks(group).map_err(|source| ParquetError::write(&self.path, source))
    }

    fn append_chunks(&mut self, group: EncodedRowGroup) -> Result<(), parquet::errors::ParquetError> {
        let mut row_group = self.writer.next_row_group()?;
        for chunk in group.chunks {
            chunk.append_to_row_group(&mut row_group)?;
        }
        row_group.close()?;
        Ok(())
    }

    /// Closes the file until more is written, for callers with more files than a process may have open.
    pub fn rest(&self) {
        self.output.lock().file = None;
    }

    /// Rows appended so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of the row groups appended so far.
    pub fn bytes(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    /// Writes the footer, closes the file and tells what it holds.
    ///
    /// # Errors
    /// [`ParquetError::Write`] if the footer cannot be written.
    pub fn finish(mut self) -> Result<FileStats, ParquetError> {
        let metadata = self.writer.finish().map_err(|source| ParquetError::write(&self.path, source))?;
        let uncompressed_bytes: i64 =
            metadata.row_groups().iter().map(RowGroupMetaData::total_byte_size).sum();
        let output = self.output.lock();
        Ok(FileStats {
            rows: self.rows,
            bytes: output.bytes,
            uncompressed_bytes: u64::try_from(uncompressed_bytes).unwrap_or_default(),
            checksum: output.hash.digest128(),
        })
    }
}

/// What a file holds so far. The Parquet library keeps the file to itself, so this is shared.
struct Output {
    path: PathBuf,
    /// Open while rows are written.
    file: Option<File>,
    bytes: u64,
    hash: Box<Xxh3Default>,
}

impl Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            closed => closed.insert(File::options().append(true).open(&self.path)?),
        };
        let written = file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }
}

#[derive(Clone)]
struct SharedOutput(Arc<Mutex<Output>>);

impl SharedOutput {
    fn lock(&self) -> MutexGuard<'_, Output> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for SharedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().file.as_mut().map_or(Ok(()), File::flush)
    }
}
