//! The files of the staged package: names, blocks in order, and what the manifest says of each.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use cartage_data_files::blocks::{BlockError, BlockWriter, Packing};
use cartage_package_store::{
    Checksum, Codec, FileDraft, FileFormat, JobFileName, SourceRange, StagedPackage, WrittenFile,
};
use cartage_runtime::Random;

use crate::ExtractError;
use crate::compress::{Compressed, Compressors, Ticket};

/// A file of the package, by its position in the order in which files were begun.
pub(crate) type FileKey = usize;

/// Writes the files of one package. Blocks are compressed by threads and written in their order, by the
/// caller's thread.
pub(crate) struct PackageFiles<'a> {
    staged: &'a StagedPackage,
    random: &'a dyn Random,
    /// `None` where all files are plain.
    compressors: Option<Compressors>,
    queue: VecDeque<Step>,
    blocks_in_queue: usize,
    files: BTreeMap<FileKey, File>,
    /// Buffers of blocks to be used again.
    spare: Vec<Vec<u8>>,
    next_key: FileKey,
}

enum File {
    Named { table: String, name: JobFileName },
    Open { table: String, name: JobFileName, writer: BlockWriter },
    Finished(FileDraft),
}

/// What is done to files as blocks come back from the threads.
enum Step {
    Block { file: FileKey, ticket: Ticket, rows: u64, bytes: u64 },
    Close { file: FileKey, origins: Vec<SourceRange> },
}

impl<'a> PackageFiles<'a> {
    pub(crate) fn new(
        staged: &'a StagedPackage,
        random: &'a dyn Random,
        compressors: Option<Compressors>,
    ) -> Self {
        Self {
            staged,
            random,
            compressors,
            queue: VecDeque::new(),
            blocks_in_queue: 0,
            files: BTreeMap::new(),
            spare: Vec::new(),
            next_key: 0,
        }
    }

    /// Begins a file of JSON rows. It is created with its first block, or when it is closed.
    pub(super) fn begin_rows(&mut self, table: &str, is_plain: bool) -> Result<FileKey, ExtractError> {
        let codec = self.compressors.as_ref().filter(|_| !is_plain).map(|_| Codec::Zst);
        let name = self.name(table, FileFormat::Jsonl, codec)?;
        Ok(self.add(File::Named { table: table.to_owned(), name }))
    }

    /// Names a Parquet file, which the caller writes or links and then hands to
    /// [`PackageFiles::finish_parquet`].
    pub(super) fn name_parquet(&mut self, table: &str) -> Result<(JobFileName, PathBuf), ExtractError> {
        let name = self.name(table, FileFormat::Parquet, None)?;
        let path = self.staged.job_path(&name);
        Ok((name, path))
    }

    /// Puts a foreign Parquet file into the package.
    pub(super) fn link(&self, from: &Path, name: &JobFileName) -> Result<(), ExtractError> {
        self.staged.link_job(from, name)?;
        Ok(())
    }

    pub(super) fn finish_parquet(
        &mut self,
        table: &str,
        name: JobFileName,
        (rows, uncompressed): (u64, u64),
        origins: Vec<SourceRange>,
    ) {
        self.add(File::Finished(FileDraft {
            name,
            table: table.to_owned(),
            rows,
            uncompressed_bytes: uncompressed,
            written: None,
            origins,
        }));
    }

    /// Appends a block of rows; returns an empty buffer for the next one.
    pub(super) fn append(
        &mut self,
        file: FileKey,
        block: Vec<u8>,
        rows: u64,
    ) -> Result<Vec<u8>, ExtractError> {
        let bytes = block.len() as u64;
        let Some(compressors) = self.compressors.as_ref().filter(|_| !self.is_plain(file)) else {
            self.write(file, &block, rows, bytes)?;
            return Ok(cleared(block));
        };
        let capacity = compressors.capacity();
        let ticket = compressors.submit(block);
        self.queue.push_back(Step::Block { file, ticket, rows, bytes });
        self.blocks_in_queue += 1;
        while self.blocks_in_queue > capacity {
            self.step()?;
        }
        Ok(self.spare.pop().unwrap_or_default())
    }

    /// No more blocks come to this file.
    pub(super) fn close(&mut self, file: FileKey, origins: Vec<SourceRange>) {
        self.queue.push_back(Step::Close { file, origins });
    }

    /// Waits for all blocks; what the manifest says of the files, in the order in which they were begun.
    pub(crate) fn finish(mut self) -> Result<Vec<FileDraft>, ExtractError> {
        while !self.queue.is_empty() {
            self.step()?;
        }
        let finished = |file| match file {
            File::Finished(draft) => Some(draft),
            File::Named { .. } | File::Open { .. } => None,
        };
        Ok(self.files.into_values().filter_map(finished).collect())
    }

    fn step(&mut self) -> Result<(), ExtractError> {
        match self.queue.pop_front() {
            Some(Step::Block { file, ticket, rows, bytes }) => {
                self.blocks_in_queue -= 1;
                let Compressed { stored, buffer } = ticket.wait();
                self.spare.push(cleared(buffer));
                let stored = stored.map_err(|source| ExtractError::Io { path: self.path(file), source })?;
                self.write(file, &stored, rows, bytes)
            }
            Some(Step::Close { file, origins }) => self.finish_rows(file, origins),
            None => Ok(()),
        }
    }

    fn write(&mut self, file: FileKey, stored: &[u8], rows: u64, bytes: u64) -> Result<(), ExtractError> {
        let staged = self.staged;
        let (table, name, writer) = self.opened(file)?;
        writer.append(stored, rows, bytes).map_err(|source| write_error(table, source))?;
        staged.appended(name, stored.len() as u64);
        Ok(())
    }

    fn finish_rows(&mut self, file: FileKey, origins: Vec<SourceRange>) -> Result<(), ExtractError> {
        self.opened(file)?;
        if let Some(File::Open { table, name, writer }) = self.files.remove(&file) {
            let stats = writer.finish();
            let draft = FileDraft {
                name,
                table,
                rows: stats.rows,
                uncompressed_bytes: stats.uncompressed_bytes,
                written: Some(WrittenFile {
                    bytes: stats.bytes,
                    checksum: Checksum::from_u128(stats.checksum),
                }),
                origins,
            };
            self.files.insert(file, File::Finished(draft));
        }
        Ok(())
    }

    /// The writer of a file, which is created where this is its first use.
    fn opened(&mut self, key: FileKey) -> Result<(&str, &JobFileName, &mut BlockWriter), ExtractError> {
        if let Some(File::Named { table, name }) = self.files.get(&key) {
            let packing = name.codec().map_or(Packing::Plain, |_| Packing::Zstd);
            let writer = BlockWriter::create(&self.staged.job_path(name), packing)
                .map_err(|source| write_error(table, source))?;
            let open = File::Open { table: table.clone(), name: name.clone(), writer };
            self.files.insert(key, open);
        }
        match self.files.get_mut(&key) {
            Some(File::Open { table, name, writer }) => Ok((table, name, writer)),
            _ => unreachable!("blocks come only to files that were begun and not closed"),
        }
    }

    fn is_plain(&self, key: FileKey) -> bool {
        match self.files.get(&key) {
            Some(File::Named { name, .. } | File::Open { name, .. }) => name.codec().is_none(),
            Some(File::Finished(_)) | None => false,
        }
    }

    fn path(&self, key: FileKey) -> PathBuf {
        match self.files.get(&key) {
            Some(File::Named { name, .. } | File::Open { name, .. }) => self.staged.job_path(name),
            Some(File::Finished(draft)) => self.staged.job_path(&draft.name),
            None => PathBuf::new(),
        }
    }

    fn name(
        &self,
        table: &str,
        format: FileFormat,
        codec: Option<Codec>,
    ) -> Result<JobFileName, ExtractError> {
        Ok(JobFileName::new(table, &self.random.file_id(), format, codec)
            .map_err(cartage_package_store::Error::from)?)
    }

    fn add(&mut self, file: File) -> FileKey {
        let key = self.next_key;
        self.next_key += 1;
        self.files.insert(key, file);
        key
    }
}

fn write_error(table: &str, source: BlockError) -> ExtractError {
    ExtractError::Write { table: table.to_owned(), source }
}

fn cleared(mut buffer: Vec<u8>) -> Vec<u8> {
    buffer.clear();
    buffer
}
