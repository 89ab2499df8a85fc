//! Parquet files of others as they come into a package: the first rows, where a limit leaves no room for all, or the
//! whole, which must be whole.

use std::num::NonZeroUsize;
use std::thread;

use arrow::array::RecordBatch;
use cartage_data_files::parquet::{FileReader, ReadOptions, verify};

use crate::SourceError;
use crate::page::{Page, ParquetFile};

/// Reads the first `rows` rows, batch by batch.
pub(crate) fn first_rows(
    file: &ParquetFile,
    rows: u64,
) -> Result<impl Iterator<Item = Result<RecordBatch, SourceError>> + use<>, SourceError> {
    let name = file.source.clone();
    let options = ReadOptions { limit: Some(rows), ..ReadOptions::default() };
    let mut reader =
        FileReader::open_part(&file.path, options).map_err(|error| SourceError::parquet(&name, error))?;
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

/// Reads a page that is a file to its end, on so many threads, or as many as the machine has cores. Damage that is
/// found later would be found when other files are loaded already.
pub(crate) fn check_whole(page: &Page, threads: Option<NonZeroUsize>) -> Result<(), SourceError> {
    let Page::ParquetFile(file) = page else { return Ok(()) };
    let threads = threads.or_else(|| thread::available_parallelism().ok()).map_or(1, usize::from);
    verify(&file.path, threads).map_err(|error| SourceError::parquet(&file.source, error))
}
