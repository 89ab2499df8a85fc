//! Reading Parquet files batch by batch.

use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use cartage_runtime::contain;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection};

use super::ParquetError;
use super::open::Opened;

/// Rows handed out at once.
const BATCH_ROWS: usize = 16 << 10;

/// What of a file is read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions<'a> {
    /// Only these columns; those that the file does not have are left out.
    pub columns: Option<&'a [&'a str]>,
    /// Reads only these rows; all where absent.
    pub rows: Option<RowSelection>,
    /// At most this many rows.
    pub limit: Option<u64>,
    /// Rows handed out at once, where not the usual number.
    pub batch_rows: Option<usize>,
}

/// Reads the rows of one file in order.
#[derive(Debug)]
pub struct FileReader {
    path: PathBuf,
    schema: SchemaRef,
    rows: u64,
    is_peculiar: bool,
    batches: ParquetRecordBatchReader,
}

impl FileReader {
    /// Opens a file and reads its footer.
    ///
    /// # Errors
    /// [`ParquetError::Io`] if it cannot be opened, [`ParquetError::Read`] or a similar error if it is not a Parquet
    /// file, and those of [`FileReader::open_part`].
    pub fn open(path: &Path) -> Result<Self, ParquetError> {
        Self::open_part(path, ReadOptions::default())
    }

    /// Opens a file to read a part of it.
    ///
    /// # Errors
    /// As [`FileReader::open`], and [`ParquetError::Timestamp`] if a timestamp of twelve bytes cannot be read.
    pub fn open_part(path: &Path, options: ReadOptions<'_>) -> Result<Self, ParquetError> {
        let opened = Opened::read(path)?.typed()?;
        let rows = u64::try_from(opened.metadata().file_metadata().num_rows()).unwrap_or_default();
        let mut builder = opened.builder()?.with_batch_size(options.batch_rows.unwrap_or(BATCH_ROWS));
        if let Some(columns) = options.columns {
            let fields = builder.schema().fields();
            let wanted: Vec<usize> = columns
                .iter()
                .filter_map(|column| fields.iter().position(|field| field.name() == column))
                .collect();
            let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
            builder = builder.with_projection(mask);
        }
        if let Some(rows) = options.rows {
            builder = builder.with_row_selection(rows);
        }
        if let Some(limit) = options.limit {
            builder = builder.with_limit(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        let batches = contain(|| builder.build())
            .map_err(|panic| ParquetError::panicked(path, &panic))?
            .map_err(|source| ParquetError::read(path, source))?;
        let schema = arrow::array::RecordBatchReader::schema(&batches);
        Ok(Self { path: path.to_owned(), schema, rows, is_peculiar: opened.is_peculiar(), batches })
    }

    /// The columns as Arrow sees them.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows of the file.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether there is something in the file that not every reader reads, or that some read in another way: LZ4
    /// as Hadoop has it, timestamps of twelve bytes.
    pub fn is_peculiar(&self) -> bool {
        self.is_peculiar
    }

    /// The next rows, `None` after the last ones. After an error the reader is unusable.
    ///
    /// # Errors
    /// [`ParquetError::Decode`] and [`ParquetError::Damaged`] if they are damaged.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, ParquetError> {
        contain(|| self.batches.next())
            .map_err(|panic| ParquetError::panicked(&self.path, &panic))?
            .transpose()
            .map_err(|source| ParquetError::Decode { path: self.path.clone(), source })
    }
}
