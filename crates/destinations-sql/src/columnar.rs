//! Rows of Parquet files as Arrow arrays of few types, for engines that send rows themselves.

use std::fs::File;
use std::path::Path;

use arrow::array::ArrayRef;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use cartage_destinations_api::{Error, Result};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 8 << 10;

/// The columns of a Parquet file and its rows in batches.
///
/// # Errors
/// Corrupt if the file cannot be opened or is damaged.
pub fn open(path: &Path) -> Result<(SchemaRef, ParquetRecordBatchReader)> {
    let file = File::open(path).map_err(|cause| {
        Error::corrupt(format!("cannot open {}: {cause}", path.display())).with_source(cause)
    })?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|cause| damaged(path, &cause))?;
    let schema = builder.schema().clone();
    let batches = builder.with_batch_size(BATCH_ROWS).build().map_err(|cause| damaged(path, &cause))?;
    Ok((schema, batches))
}

/// The error of a file that cannot be read.
pub fn damaged(path: &Path, cause: &dyn std::error::Error) -> Error {
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
///
/// # Errors
/// If the type cannot hold a value.
pub fn to_canonical(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let wanted = canonical(array.data_type());
    if *array.data_type() == wanted {
        return Ok(ArrayRef::clone(array));
    }
    cast_with_options(array, &wanted, &CastOptions { safe: false, ..CastOptions::default() })
}
