//! Parquet files of others as they come into a package: the first rows, where a limit leaves no room for all, or the
//! whole, which must be whole.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use arrow::array::RecordBatch;
use cartage_data_files::parquet::{FileReader, ReadOptions, verify};

use crate::SourceError;
use crate::scratch_file::ScratchFile;

/// A Parquet file whose footer has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParquetFile {
    /// Where it is.
    pub path: PathBuf,
    /// How messages and the trace name it.
    pub source: Arc<str>,
    /// Rows according to its footer.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes of its columns before compression, according to its footer.
    pub uncompressed_bytes: u64,
    /// Removes it when the last one lets go of it, if it is only a copy.
    pub scratch: Option<ScratchFile>,
}

impl ParquetFile {
    /// Reads the first `rows` rows, batch by batch.
    ///
    /// # Errors
    /// [`SourceError`] if the file cannot be opened; later ones come in the place of a batch.
    pub fn first_rows(
        &self,
        rows: u64,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, SourceError>> + use<>, SourceError> {
        let name = self.source.clone();
        let options = ReadOptions { limit: Some(rows), ..ReadOptions::default() };
        let mut reader =
            FileReader::open_part(&self.path, options).map_err(|error| SourceError::parquet(&name, error))?;
        let mut next =
            move || reader.next_batch().map_err(|error| SourceError::parquet(&name, error)).transpose();
        let mut failed = false;
        Ok(std::iter::from_fn(move || {
            // Nobody asks a reader again that has failed.
            let batch = if failed { None } else { next() };
            failed = matches!(batch, Some(Err(_)));
            batch
        }))
    }

    /// Reads the file to its end, on `threads` threads, by default as many as the machine has cores. Damage that is found later
    /// would be found when other files are loaded already.
    ///
    /// # Errors
    /// [`SourceError`] if the file is damaged or cannot be read.
    pub fn check_whole(&self, threads: Option<NonZeroUsize>) -> Result<(), SourceError> {
        let threads = threads.or_else(|| thread::available_parallelism().ok()).map_or(1, usize::from);
        verify(&self.path, threads).map_err(|error| SourceError::parquet(&self.source, error))
    }
}
