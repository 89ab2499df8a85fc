//! Reading Parquet files batch by batch.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::ParquetError;

/// Rows handed out at once.
const BATCH_ROWS: usize = 16 << 10;

/// Reads the rows of one file in order.
#[derive(Debug)]
pub struct FileReader {
    path: PathBuf,
    schema: SchemaRef,
    rows: u64,
    batches: ParquetRecordBatchReader,
}

impl FileReader {
    /// Opens a file and reads its footer.
    ///
    /// # Errors
    /// [`ParquetError::Io`] if it cannot be opened, [`ParquetError::Read`] if it is no Parquet file.
    pub fn open(path: &Path) -> Result<Self, ParquetError> {
        let file = File::open(path).map_err(|source| ParquetError::io("open", path, source))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|source| ParquetError::read(path, source))?
            .with_batch_size(BATCH_ROWS);
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
        let schema = builder.schema().clone();
        let batches = builder.build().map_err(|source| ParquetError::read(path, source))?;
        Ok(Self { path: path.to_owned(), schema, rows, batches })
    }

    /// The columns as Arrow sees them.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows of the file.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The next rows, `None` behind the last ones.
    ///
    /// # Errors
    /// [`ParquetError::Decode`] if they are damaged.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, ParquetError> {
        self.batches
            .next()
            .transpose()
            .map_err(|source| ParquetError::Decode { path: self.path.clone(), source })
    }
}
