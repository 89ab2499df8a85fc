//! Rows of Parquet files as Arrow arrays of few types, for engines that send rows themselves.

pub mod insert;
mod limits;
mod text;

use std::fs::File;
use std::path::Path;

use arrow::array::{ArrayRef, PrimitiveArray, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, SchemaRef, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use cartage_destinations_api::{Error, Result};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

pub use limits::{ColumnLimits, Keeps, column_limits};
pub use text::{TextCells, TextRows};

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 8 << 10;

/// Whole numbers of up to 64 bits.
pub type Ints = PrimitiveArray<Int64Type>;
/// Array of 64-bit floats.
pub type Doubles = PrimitiveArray<Float64Type>;
/// Days since 1970.
pub type Dates = PrimitiveArray<Date32Type>;
/// Microseconds of a day.
pub type Times = PrimitiveArray<Time64MicrosecondType>;
/// Microseconds since 1970.
pub type Timestamps = PrimitiveArray<TimestampMicrosecondType>;

/// A Parquet file whose rows are on their way into a table.
#[derive(Debug)]
pub struct FileRows {
    /// The columns of the file.
    pub schema: SchemaRef,
    /// What is being done with it, for messages.
    pub doing: String,
}

impl FileRows {
    /// The columns of a file and its rows in batches; `None` if it has no columns, and so no rows.
    ///
    /// # Errors
    /// Corrupt if the file cannot be opened or is damaged, as is the iterator where it meets the damage.
    pub fn open(
        path: &Path,
        doing: String,
    ) -> Result<Option<(Self, impl Iterator<Item = Result<RecordBatch>>)>> {
        let file = File::open(path).map_err(|cause| {
            Error::corrupt(format!("cannot open {}: {cause}", path.display())).with_source(cause)
        })?;
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|cause| damaged(path, &cause))?;
        let schema = builder.schema().clone();
        if schema.fields().is_empty() {
            return Ok(None);
        }
        let batches = builder.with_batch_size(BATCH_ROWS).build().map_err(|cause| damaged(path, &cause))?;
        let path = path.to_owned();
        let batches = batches.map(move |batch| batch.map_err(|cause| damaged(&path, &cause)));
        Ok(Some((Self { schema, doing }, batches)))
    }

    /// Names of the columns.
    pub fn names(&self) -> Vec<&str> {
        self.schema.fields().iter().map(|field| field.name().as_str()).collect()
    }

    /// The arrays of a batch in their [`canonical`] types; `before` rows of the file came before it.
    ///
    /// # Errors
    /// Terminal if the type cannot hold a value.
    pub fn arrays(&self, batch: &RecordBatch, before: usize) -> Result<Vec<ArrayRef>> {
        let canonical = |(index, array)| {
            to_canonical(array).map_err(|cause| self.does_not_fit(index, before, &cause.to_string()))
        };
        batch.columns().iter().enumerate().map(canonical).collect()
    }

    /// The error of a value that cannot be stored; `row` is counted from 0 in the file.
    pub fn does_not_fit(&self, column: usize, row: usize, reason: &str) -> Error {
        let name = self.schema.field(column).name();
        let message = format!("{}: column {name}, row {} of the file: {reason}", self.doing, row + 1);
        Error::terminal(message).with_remedy(format!("clean the data, or load {name} with another data_type"))
    }
}

/// The error of a table that lost a column while it is loaded into.
pub fn no_column(table: &str, column: &str) -> Error {
    Error::terminal(format!("table {table} has no column {column}"))
        .with_remedy("the table was changed during the load; run again")
}

fn damaged(path: &Path, cause: &dyn std::error::Error) -> Error {
    Error::corrupt(format!("cannot read {}: {cause}", path.display()))
}

/// The Arrow type in which values of `arrow` are encoded; several types of files have the same.
pub fn canonical(arrow: &DataType) -> DataType {
    match arrow {
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Decimal256(..) | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Date64 => DataType::Date32,
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Dictionary(_, values) => canonical(values),
        other => other.clone(),
    }
}

/// The array in its [`canonical`] type.
fn to_canonical(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let wanted = canonical(array.data_type());
    if *array.data_type() == wanted {
        return Ok(ArrayRef::clone(array));
    }
    cast_with_options(array, &wanted, &CastOptions { safe: false, ..CastOptions::default() })
}
