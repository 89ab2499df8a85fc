//! What the footer of a Parquet file says, and single columns of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use cartage_runtime::contain;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::basic::LogicalType;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

use super::ParquetError;
use super::open::Opened;

/// Values handed out at once.
const BATCH_ROWS: usize = 64 << 10;

/// The footer of one file. Columns are counted from 0, by their position at the top.
#[derive(Clone, Debug)]
pub struct FileFacts {
    opened: Opened,
    schema: SchemaRef,
    rows: u64,
    /// Nulls of the columns that have statistics in every row group.
    nulls: HashMap<usize, u64>,
    /// Smallest and largest of the columns of 64 bits that have statistics in every row group.
    ranges: HashMap<usize, (i64, i64)>,
    /// Columns that readers of Parquet do not take for what Arrow takes them for.
    foreign: Vec<usize>,
}

/// The values of one column, in order.
#[derive(Debug)]
pub struct ColumnReader {
    path: PathBuf,
    batches: ParquetRecordBatchReader,
}

impl FileFacts {
    /// Reads the footer of a file.
    ///
    /// # Errors
    /// [`ParquetError::Io`] if it cannot be opened, [`ParquetError::Read`] if it is not a Parquet file.
    pub fn open(path: &Path) -> Result<Self, ParquetError> {
        let opened = Opened::read(path)?.typed()?;
        let metadata = opened.metadata();
        let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or_default();
        let (nulls, ranges, foreign) = (count_nulls(metadata), ranges(metadata), foreign_columns(metadata));
        let schema = opened.arrow().schema().clone();
        Ok(Self { opened, schema, rows, nulls, ranges, foreign })
    }

    /// The columns as Arrow sees them.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows of the file.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many nulls a column has, where the file says so.
    pub fn nulls(&self, column: usize) -> Option<u64> {
        self.nulls.get(&column).copied()
    }

    /// The smallest and the largest value of a column of 64-bit integers or timestamps, in the unit of its type,
    /// where the file says so.
    pub fn range(&self, column: usize) -> Option<(i64, i64)> {
        self.ranges.get(&column).copied()
    }

    /// Whether a column has a type that others read as something else than Arrow does, such as a UUID.
    pub fn is_foreign(&self, column: usize) -> bool {
        self.foreign.contains(&column)
    }

    /// Reads one column, and no other.
    ///
    /// # Errors
    /// As [`FileFacts::open`].
    pub fn column(&self, column: usize) -> Result<ColumnReader, ParquetError> {
        let path = &self.opened.path;
        let builder = self.opened.builder()?.with_batch_size(BATCH_ROWS);
        let mask = ProjectionMask::roots(builder.parquet_schema(), [column]);
        let batches = contain(|| builder.with_projection(mask).build())
            .map_err(|panic| ParquetError::panicked(path, &panic))?
            .map_err(|source| ParquetError::read(path, source))?;
        Ok(ColumnReader { path: path.clone(), batches })
    }
}

impl ColumnReader {
    /// The next values, `None` after the last ones.
    ///
    /// # Errors
    /// [`ParquetError::Decode`] if they are damaged.
    pub fn next_array(&mut self) -> Result<Option<ArrayRef>, ParquetError> {
        let batch = contain(|| self.batches.next())
            .map_err(|panic| ParquetError::panicked(&self.path, &panic))?
            .transpose();
        let batch = batch.map_err(|source| ParquetError::Decode { path: self.path.clone(), source })?;
        Ok(batch.and_then(|batch| batch.columns().first().map(ArrayRef::clone)))
    }
}

/// Nulls of the columns at the top that are not groups.
fn count_nulls(metadata: &ParquetMetaData) -> HashMap<usize, u64> {
    let nulls = |leaf| statistics(metadata, leaf).map(|found| found?.null_count_opt()).sum::<Option<u64>>();
    plain_leaves(metadata).filter_map(|(leaf, column)| Some((column, nulls(leaf)?))).collect()
}

fn ranges(metadata: &ParquetMetaData) -> HashMap<usize, (i64, i64)> {
    let range = |leaf| {
        let in_group = statistics(metadata, leaf).map(|found| match found? {
            Statistics::Int64(values) => Some((*values.min_opt()?, *values.max_opt()?)),
            _ => None,
        });
        let in_group = in_group.collect::<Option<Vec<_>>>()?;
        let widest = |all: (i64, i64), one: (i64, i64)| (all.0.min(one.0), all.1.max(one.1));
        in_group.into_iter().reduce(widest)
    };
    plain_leaves(metadata).filter_map(|(leaf, column)| Some((column, range(leaf)?))).collect()
}

/// The columns at the top that are not groups: as leaves, and by their position at the top.
fn plain_leaves(metadata: &ParquetMetaData) -> impl Iterator<Item = (usize, usize)> {
    let schema = metadata.file_metadata().schema_descr();
    let is_plain = |leaf: &usize| schema.column(*leaf).path().parts().len() == 1;
    (0..schema.num_columns()).filter(is_plain).map(|leaf| (leaf, schema.get_column_root_idx(leaf)))
}

/// What each row group says of a leaf.
fn statistics(metadata: &ParquetMetaData, leaf: usize) -> impl Iterator<Item = Option<&Statistics>> {
    let groups = metadata.row_groups().iter();
    groups.map(move |group| group.columns().get(leaf).and_then(|chunk| chunk.statistics()))
}

fn foreign_columns(metadata: &ParquetMetaData) -> Vec<usize> {
    let schema = metadata.file_metadata().schema_descr();
    let is_foreign = |leaf: &usize| {
        let logical = schema.column(*leaf).self_type().get_basic_info().logical_type_ref().cloned();
        matches!(
            logical,
            Some(LogicalType::Uuid | LogicalType::Geometry { .. } | LogicalType::Geography { .. })
        )
    };
    (0..schema.num_columns()).filter(is_foreign).map(|leaf| schema.get_column_root_idx(leaf)).collect()
}
