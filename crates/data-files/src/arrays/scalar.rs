//! One value of an array as the scalar that a column takes.

use std::borrow::Cow;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalDayTimeType,
    IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use cartage_values::{Decimal, Scalar};
use thiserror::Error;

use super::encoded::resolve;
use super::json::write_json;
use super::moments::{self, NANOS_PER_DAY};

/// A value that cannot be handed on as it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Columns of times end at microseconds.
    #[error("`{value}` has nanoseconds, and columns hold microseconds")]
    Nanoseconds {
        /// The value with all digits.
        value: String,
    },
    /// A point in time that no column can hold, such as a time of day beyond 24 hours.
    #[error("`{value}` is outside the range of dates and times")]
    OutOfRange {
        /// The value in the unit of its type.
        value: String,
    },
    /// A map that has a key twice, of which JSON would lose one.
    #[error("a map has the key `{key}` twice")]
    RepeatedKey {
        /// The key that occurs twice.
        key: String,
    },
    /// There are no values of the type, see [`refusal`](super::refusal).
    #[error("values of type {data_type} cannot be stored")]
    Type {
        /// The Arrow type.
        data_type: String,
    },
}

/// The value of a row; `None` for null. Lists, structs and maps are [`Scalar::Json`].
///
/// # Errors
/// [`ValueError`] where a column cannot hold all of the value.
pub fn scalar(array: &dyn Array, row: usize) -> Result<Option<Scalar<'_>>, ValueError> {
    let Some((array, row)) = resolve(array, row) else { return Ok(None) };
    if let Some(integer) = integer(array, row) {
        return Ok(Some(Scalar::Int(integer)));
    }
    if let Some(float) = float(array, row) {
        return Ok(Some(Scalar::Double(float)));
    }
    if let Some(text) = text(array, row) {
        return Ok(Some(Scalar::Text(Cow::Borrowed(text))));
    }
    if let Some(bytes) = bytes(array, row) {
        return Ok(Some(Scalar::Binary(Cow::Borrowed(bytes))));
    }
    if let Some((unscaled, scale)) = decimal(array, row) {
        return Ok(Some(Scalar::Decimal(exact_decimal(&unscaled, scale))));
    }
    Ok(Some(match array.data_type() {
        DataType::Boolean => Scalar::Bool(array.as_boolean().value(row)),
        DataType::Date32 => Scalar::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Date64 => day_or_moment(array.as_primitive::<Date64Type>().value(row))?,
        DataType::Time32(_) | DataType::Time64(_) => {
            let nanos = time_nanos(array, row)?;
            match micros(nanos) {
                Some(micros) => Scalar::Time(micros),
                None => return Err(ValueError::Nanoseconds { value: moments::time(nanos) }),
            }
        }
        DataType::Timestamp(unit, zone) => {
            timestamp(timestamp_count(array, row, *unit), *unit, zone.is_some())?
        }
        DataType::Duration(_) | DataType::Interval(_) => Scalar::Text(length(array, row).into()),
        data_type if data_type.is_nested() => {
            let mut json = Vec::new();
            write_json(&mut json, array, row)?;
            Scalar::Json(Cow::Owned(String::from_utf8_lossy(&json).into_owned()))
        }
        other => return Err(ValueError::Type { data_type: other.to_string() }),
    }))
}

/// An integer of any width.
pub(super) fn integer(array: &dyn Array, row: usize) -> Option<i128> {
    Some(match array.data_type() {
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        _ => return None,
    })
}

/// A float of any width, as the double that it is equal to.
pub(super) fn float(array: &dyn Array, row: usize) -> Option<f64> {
    Some(match array.data_type() {
        DataType::Float16 => array.as_primitive::<Float16Type>().value(row).to_f64(),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(row).into(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row),
        _ => return None,
    })
}

pub(super) fn text(array: &dyn Array, row: usize) -> Option<&str> {
    Some(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row),
        DataType::Utf8View => array.as_string_view().value(row),
        _ => return None,
    })
}

pub(super) fn bytes(array: &dyn Array, row: usize) -> Option<&[u8]> {
    Some(match array.data_type() {
        DataType::Binary => array.as_binary::<i32>().value(row),
        DataType::LargeBinary => array.as_binary::<i64>().value(row),
        DataType::BinaryView => array.as_binary_view().value(row),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value(row),
        _ => return None,
    })
}

/// The digits of a decimal, and its scale.
pub(super) fn decimal(array: &dyn Array, row: usize) -> Option<(String, i8)> {
    Some(match array.data_type() {
        DataType::Decimal32(_, scale) => {
            (array.as_primitive::<Decimal32Type>().value(row).to_string(), *scale)
        }
        DataType::Decimal64(_, scale) => {
            (array.as_primitive::<Decimal64Type>().value(row).to_string(), *scale)
        }
        DataType::Decimal128(_, scale) => {
            (array.as_primitive::<Decimal128Type>().value(row).to_string(), *scale)
        }
        DataType::Decimal256(_, scale) => {
            (array.as_primitive::<Decimal256Type>().value(row).to_string(), *scale)
        }
        _ => return None,
    })
}

/// A decimal as digits with a point and without exponent.
pub(super) fn decimal_text(unscaled: &str, scale: i8) -> String {
    if scale <= 0 {
        let zeros = if unscaled == "0" { 0 } else { usize::from(scale.unsigned_abs()) };
        return format!("{unscaled}{}", "0".repeat(zeros));
    }
    let (sign, digits) = unscaled.strip_prefix('-').map_or(("", unscaled), |digits| ("-", digits));
    let scale = usize::from(scale.unsigned_abs());
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

fn exact_decimal(unscaled: &str, scale: i8) -> Decimal {
    Decimal::parse(&decimal_text(unscaled, scale)).expect("digits with a point are a number")
}

/// Nanoseconds since midnight.
pub(super) fn time_nanos(array: &dyn Array, row: usize) -> Result<i128, ValueError> {
    let (count, unit) = match array.data_type() {
        DataType::Time32(TimeUnit::Second) => {
            (array.as_primitive::<Time32SecondType>().value(row).into(), TimeUnit::Second)
        }
        DataType::Time32(_) => {
            (array.as_primitive::<Time32MillisecondType>().value(row).into(), TimeUnit::Millisecond)
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            (array.as_primitive::<Time64MicrosecondType>().value(row), TimeUnit::Microsecond)
        }
        _ => (array.as_primitive::<Time64NanosecondType>().value(row), TimeUnit::Nanosecond),
    };
    let nanos = moments::nanos(count, unit);
    if (0..NANOS_PER_DAY).contains(&nanos) { Ok(nanos) } else { Err(out_of_range(count, unit)) }
}

pub(super) fn timestamp_count(array: &dyn Array, row: usize, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(row),
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().value(row),
    }
}

pub(super) fn out_of_range(count: i64, unit: TimeUnit) -> ValueError {
    let unit = match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    };
    ValueError::OutOfRange { value: format!("{count} {unit}") }
}

/// A duration or an interval as text.
pub(super) fn length(array: &dyn Array, row: usize) -> String {
    match array.data_type() {
        DataType::Duration(unit) => {
            let count = match unit {
                TimeUnit::Second => array.as_primitive::<DurationSecondType>().value(row),
                TimeUnit::Millisecond => array.as_primitive::<DurationMillisecondType>().value(row),
                TimeUnit::Microsecond => array.as_primitive::<DurationMicrosecondType>().value(row),
                TimeUnit::Nanosecond => array.as_primitive::<DurationNanosecondType>().value(row),
            };
            moments::duration(moments::nanos(count, *unit))
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            moments::interval(array.as_primitive::<IntervalYearMonthType>().value(row), 0, 0)
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            let value = array.as_primitive::<IntervalDayTimeType>().value(row);
            moments::interval(0, value.days, i128::from(value.milliseconds) * 1_000_000)
        }
        _ => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            moments::interval(value.months, value.days, value.nanoseconds.into())
        }
    }
}

fn timestamp(count: i64, unit: TimeUnit, aware: bool) -> Result<Scalar<'static>, ValueError> {
    let nanos = moments::nanos(count, unit);
    match micros(nanos) {
        Some(micros) => Ok(Scalar::Timestamp { micros, aware }),
        None if unit == TimeUnit::Nanosecond => {
            let value = moments::timestamp(nanos, aware).ok_or_else(|| out_of_range(count, unit))?;
            Err(ValueError::Nanoseconds { value })
        }
        None => Err(out_of_range(count, unit)),
    }
}

/// Milliseconds of a type that should have days: what has a time of day is a timestamp.
fn day_or_moment(millis: i64) -> Result<Scalar<'static>, ValueError> {
    const PER_DAY: i64 = 86_400_000;
    if millis % PER_DAY == 0
        && let Ok(days) = i32::try_from(millis / PER_DAY)
    {
        return Ok(Scalar::Date(days));
    }
    timestamp(millis, TimeUnit::Millisecond, false)
}

/// Microseconds, where nothing is lost.
fn micros(nanos: i128) -> Option<i64> {
    (nanos % 1_000 == 0).then(|| i64::try_from(nanos / 1_000).ok())?
}
