//! Values as Arrow arrays of a given type.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BinaryViewArray, BooleanArray, FixedSizeBinaryArray,
    LargeBinaryArray, LargeStringArray, NullArray, PrimitiveArray, RecordBatch, StringArray, StringViewArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType, Field,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalDayTime,
    IntervalDayTimeType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType,
    Schema, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type, i256,
};

use super::arrow_values::{nanos_of, unscaled};
use super::case::InputFile;
use super::given::Given;
use super::moments::DAY;
use super::nested;

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// The rows of a columnar file.
///
/// # Errors
/// If a value is not one of its type.
pub(super) fn batch(file: &InputFile) -> Result<RecordBatch> {
    let mut fields = vec![Field::new("id", DataType::Utf8, true)];
    let ids = file.rows.iter().map(|row| Some(row.id.as_str()));
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(ids.collect::<StringArray>())];
    for (nth, (key, data_type)) in file.types.iter().enumerate() {
        let values: Vec<&Given> = file.rows.iter().map(|row| &row.values[nth].1).collect();
        fields.push(Field::new(key, data_type.clone(), true));
        arrays.push(array(data_type, &values).with_context(|| format!("column {key} of type {data_type}"))?);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// Values as an array.
///
/// # Errors
/// If a value is not one of the type.
pub(super) fn array(data_type: &DataType, values: &[&Given]) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Null => Arc::new(NullArray::new(values.len())),
        DataType::Boolean => {
            let value = |given: &&Given| match given {
                Given::Bool(value) => Some(*value),
                _ => None,
            };
            Arc::new(values.iter().map(value).collect::<BooleanArray>())
        }
        DataType::Int8 => digits::<Int8Type>(data_type, values)?,
        DataType::Int16 => digits::<Int16Type>(data_type, values)?,
        DataType::Int32 => digits::<Int32Type>(data_type, values)?,
        DataType::Int64 => digits::<Int64Type>(data_type, values)?,
        DataType::UInt8 => digits::<UInt8Type>(data_type, values)?,
        DataType::UInt16 => digits::<UInt16Type>(data_type, values)?,
        DataType::UInt32 => digits::<UInt32Type>(data_type, values)?,
        DataType::UInt64 => digits::<UInt64Type>(data_type, values)?,
        DataType::Float16 => primitive::<Float16Type>(data_type, values, |given| match given {
            Given::Double(value) => Ok(Half::from_f64(*value)),
            other => bail!("{other:?} is not a float"),
        })?,
        DataType::Float32 => primitive::<Float32Type>(data_type, values, |given| match given {
            Given::Double(value) => Ok(*value as f32),
            other => bail!("{other:?} is not a float"),
        })?,
        DataType::Float64 => primitive::<Float64Type>(data_type, values, |given| match given {
            Given::Double(value) => Ok(*value),
            other => bail!("{other:?} is not a float"),
        })?,
        DataType::Decimal32(_, scale) => {
            primitive::<Decimal32Type>(data_type, values, |given| Ok(unscaled(given, *scale)?.parse()?))?
        }
        DataType::Decimal64(_, scale) => {
            primitive::<Decimal64Type>(data_type, values, |given| Ok(unscaled(given, *scale)?.parse()?))?
        }
        DataType::Decimal128(_, scale) => {
            primitive::<Decimal128Type>(data_type, values, |given| Ok(unscaled(given, *scale)?.parse()?))?
        }
        DataType::Decimal256(_, scale) => primitive::<Decimal256Type>(data_type, values, |given| {
            i256::from_string(&unscaled(given, *scale)?).context("a number of 256 bits")
        })?,
        DataType::Utf8 => Arc::new(values.iter().map(|given| text(given)).collect::<StringArray>()),
        DataType::LargeUtf8 => Arc::new(values.iter().map(|given| text(given)).collect::<LargeStringArray>()),
        DataType::Utf8View => Arc::new(values.iter().map(|given| text(given)).collect::<StringViewArray>()),
        DataType::Binary => Arc::new(values.iter().map(|given| bytes(given)).collect::<BinaryArray>()),
        DataType::LargeBinary => {
            Arc::new(values.iter().map(|given| bytes(given)).collect::<LargeBinaryArray>())
        }
        DataType::BinaryView => {
            Arc::new(values.iter().map(|given| bytes(given)).collect::<BinaryViewArray>())
        }
        DataType::FixedSizeBinary(size) => Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(
            values.iter().map(|given| bytes(given)),
            *size,
        )?),
        other => match moments(other, values)? {
            Some(array) => array,
            None => nested::array(other, values)?,
        },
    })
}

/// Dates, times, moments and lengths of time; `None` for other types.
fn moments(data_type: &DataType, values: &[&Given]) -> Result<Option<ArrayRef>> {
    Ok(Some(match data_type {
        DataType::Date32 => {
            primitive::<Date32Type>(data_type, values, |given| Ok(i32::try_from(nanos_of(given)? / DAY)?))?
        }
        DataType::Date64 => count::<Date64Type>(data_type, values, 1_000_000)?,
        DataType::Time32(TimeUnit::Second) => primitive::<Time32SecondType>(data_type, values, |given| {
            Ok(i32::try_from(nanos_of(given)? / 1_000_000_000)?)
        })?,
        DataType::Time32(_) => primitive::<Time32MillisecondType>(data_type, values, |given| {
            Ok(i32::try_from(nanos_of(given)? / 1_000_000)?)
        })?,
        DataType::Time64(TimeUnit::Microsecond) => count::<Time64MicrosecondType>(data_type, values, 1_000)?,
        DataType::Time64(_) => count::<Time64NanosecondType>(data_type, values, 1)?,
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => count::<TimestampSecondType>(data_type, values, 1_000_000_000)?,
            TimeUnit::Millisecond => count::<TimestampMillisecondType>(data_type, values, 1_000_000)?,
            TimeUnit::Microsecond => count::<TimestampMicrosecondType>(data_type, values, 1_000)?,
            TimeUnit::Nanosecond => count::<TimestampNanosecondType>(data_type, values, 1)?,
        },
        DataType::Duration(unit) => match unit {
            TimeUnit::Second => count::<DurationSecondType>(data_type, values, 1_000_000_000)?,
            TimeUnit::Millisecond => count::<DurationMillisecondType>(data_type, values, 1_000_000)?,
            TimeUnit::Microsecond => count::<DurationMicrosecondType>(data_type, values, 1_000)?,
            TimeUnit::Nanosecond => count::<DurationNanosecondType>(data_type, values, 1)?,
        },
        DataType::Interval(IntervalUnit::YearMonth) => {
            primitive::<IntervalYearMonthType>(data_type, values, |given| {
                Ok(i32::try_from(length(given)?.0)?)
            })?
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            primitive::<IntervalDayTimeType>(data_type, values, |given| {
                let (_, days, nanos) = length(given)?;
                Ok(IntervalDayTime::new(i32::try_from(days)?, i32::try_from(nanos / 1_000_000)?))
            })?
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            primitive::<IntervalMonthDayNanoType>(data_type, values, |given| {
                let (months, days, nanos) = length(given)?;
                Ok(IntervalMonthDayNano::new(
                    i32::try_from(months)?,
                    i32::try_from(days)?,
                    i64::try_from(nanos)?,
                ))
            })?
        }
        _ => return Ok(None),
    }))
}

fn primitive<T: ArrowPrimitiveType>(
    data_type: &DataType,
    values: &[&Given],
    of: impl Fn(&Given) -> Result<T::Native>,
) -> Result<ArrayRef> {
    let natives =
        values.iter().map(|given| if **given == Given::Null { Ok(None) } else { of(given).map(Some) });
    let array = natives.collect::<Result<Vec<_>>>()?.into_iter().collect::<PrimitiveArray<T>>();
    Ok(Arc::new(array.with_data_type(data_type.clone())))
}

fn digits<T: ArrowPrimitiveType>(data_type: &DataType, values: &[&Given]) -> Result<ArrayRef>
where
    T::Native: std::str::FromStr<Err = std::num::ParseIntError>,
{
    primitive::<T>(data_type, values, |given| Ok(unscaled(given, 0)?.parse()?))
}

/// Timestamps as a count of units of this many nanoseconds.
fn count<T: ArrowPrimitiveType<Native = i64>>(
    data_type: &DataType,
    values: &[&Given],
    unit: i128,
) -> Result<ArrayRef> {
    primitive::<T>(data_type, values, |given| Ok(i64::try_from(nanos_of(given)?.div_euclid(unit))?))
}

fn text(given: &Given) -> Option<&str> {
    match given {
        Given::Text(text) => Some(text),
        _ => None,
    }
}

fn bytes(given: &Given) -> Option<&[u8]> {
    match given {
        Given::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn length(given: &Given) -> Result<(i64, i64, i128)> {
    match given {
        Given::Length(months, days, nanos) => Ok((*months, *days, *nanos)),
        other => bail!("{other:?} is not a length of time"),
    }
}
