//! The first rows of a Parquet file, where a limit leaves no room for all.

use std::fs::File;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::SourceError;
use crate::page::ParquetFile;

/// Reads the first `rows` rows, batch by batch.
pub(crate) fn first_rows(
    file: &ParquetFile,
    rows: u64,
) -> Result<impl Iterator<Item = Result<RecordBatch, SourceError>> + use<>, SourceError> {
    let name = file.source.to_string();
    let input = File::open(&file.path).map_err(|source| SourceError::Read { input: name.clone(), source })?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(input)
        .and_then(|builder| builder.with_limit(rows as usize).build())
        .map_err(|error| SourceError::Unusable { input: name.clone(), reason: error.to_string() })?;
    let damaged =
        move |error: ArrowError| SourceError::Unusable { input: name.clone(), reason: error.to_string() };
    Ok(reader.map(move |batch| batch.map_err(&damaged)))
}
