//! Conversion of values to the type of their column.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::calendar::{MICROS_PER_DAY, MICROS_PER_SECOND};
use crate::coerce_text::coerce_text;
use crate::decimal::Decimal;
use crate::epoch::{aware_timestamp, epoch_timestamp, midnight};
use crate::float::write_python_float;
use crate::format::{date_to_text, time_to_text, timestamp_to_text};
use crate::scalar::Scalar;
use crate::typed::strip_markers;
use crate::words::DataType;

/// A value that a column cannot take. It goes to a variant column, or is dealt with by the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value of type {from} cannot be converted to {to}")]
pub struct NotCoercible {
    /// Type of the value.
    pub from: DataType,
    /// Type of the column.
    pub to: DataType,
}

/// Converts a value to the type of its column where dlt does and nothing of the value is lost.
///
/// dlt also converts values that the other type cannot say: 5 becomes true, the time of a timestamp is gone in a
/// date, integers of more than 53 bits are rounded to doubles, `007` becomes 7.
///
/// # Errors
/// [`NotCoercible`] where the pair of types has no conversion, or this value none.
pub fn coerce(value: Scalar<'_>, to: DataType) -> Result<Scalar<'_>, NotCoercible> {
    let from = value.data_type();
    if from == to {
        return Ok(match value {
            Scalar::Json(json) => Scalar::Json(without_markers(json)),
            same => same,
        });
    }
    let converted = match value {
        Scalar::Text(text) => coerce_text(text, to),
        other if to == DataType::Text => Some(Scalar::Text(to_text(other))),
        Scalar::Int(integer) => coerce_int(integer, to),
        Scalar::Double(float) => coerce_double(float, to),
        Scalar::Decimal(decimal) | Scalar::Wei(decimal) => coerce_decimal(decimal, to),
        Scalar::Timestamp { micros, .. } if to == DataType::Date => midnight(micros),
        Scalar::Date(days) if to == DataType::Timestamp => {
            let micros = i64::from(days).checked_mul(MICROS_PER_DAY);
            micros.map(|micros| Scalar::Timestamp { micros, aware: false })
        }
        _ => None,
    };
    converted.ok_or(NotCoercible { from, to })
}

fn without_markers(json: Cow<'_, str>) -> Cow<'_, str> {
    match strip_markers(&json) {
        Cow::Borrowed(_) => json,
        Cow::Owned(stripped) => Cow::Owned(stripped),
    }
}

/// Python's `str` of numbers and booleans, `isoformat` of dates and times, base64 of bytes.
fn to_text(value: Scalar<'_>) -> Cow<'_, str> {
    match value {
        Scalar::Text(text) => text,
        Scalar::Json(json) => without_markers(json),
        Scalar::Int(integer) => integer.to_string().into(),
        Scalar::Double(float) => {
            let mut text = Vec::with_capacity(24);
            write_python_float(&mut text, float);
            String::from_utf8_lossy(&text).into_owned().into()
        }
        Scalar::Bool(true) => "True".into(),
        Scalar::Bool(false) => "False".into(),
        Scalar::Timestamp { micros, aware } => timestamp_to_text(micros, aware).into(),
        Scalar::Date(days) => date_to_text(days).into(),
        Scalar::Time(micros) => time_to_text(micros).into(),
        Scalar::Decimal(decimal) | Scalar::Wei(decimal) => decimal.to_string().into(),
        Scalar::Binary(bytes) => STANDARD.encode(bytes).into(),
    }
}

fn coerce_int(integer: i128, to: DataType) -> Option<Scalar<'static>> {
    match to {
        DataType::Double => {
            let float = integer as f64;
            (float as i128 == integer).then_some(Scalar::Double(float))
        }
        DataType::Decimal => Some(Scalar::Decimal(Decimal::from_i128(integer))),
        DataType::Wei => Some(Scalar::Wei(Decimal::from_i128(integer))),
        DataType::Bool => matches!(integer, 0 | 1).then_some(Scalar::Bool(integer == 1)),
        DataType::Timestamp => {
            let micros = i64::try_from(integer.checked_mul(i128::from(MICROS_PER_SECOND))?).ok()?;
            aware_timestamp(micros)
        }
        DataType::Date => match coerce_int(integer, DataType::Timestamp)? {
            Scalar::Timestamp { micros, .. } => midnight(micros),
            _ => None,
        },
        DataType::Binary => {
            let bytes = u128::try_from(integer).ok()?.to_le_bytes();
            let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            Some(Scalar::Binary(bytes[..used].to_vec().into()))
        }
        _ => None,
    }
}

fn coerce_double(float: f64, to: DataType) -> Option<Scalar<'static>> {
    match to {
        DataType::Bigint => {
            // Every float below 2^127 that has no fraction is exact as an integer.
            let fits = float.is_finite() && float.fract() == 0.0 && float.abs() < 2_f64.powi(127);
            fits.then_some(Scalar::Int(float as i128))
        }
        DataType::Decimal => Some(Scalar::Decimal(Decimal::from_f64(float))),
        DataType::Wei => Some(Scalar::Wei(Decimal::from_f64(float))),
        DataType::Bool => coerce_decimal(Decimal::from_f64(float), to),
        DataType::Timestamp => epoch_timestamp(&Decimal::from_f64(float)),
        DataType::Date => match coerce_double(float, DataType::Timestamp)? {
            Scalar::Timestamp { micros, .. } => midnight(micros),
            _ => None,
        },
        _ => None,
    }
}

fn coerce_decimal(decimal: Decimal, to: DataType) -> Option<Scalar<'static>> {
    match to {
        DataType::Bigint => decimal.to_integer().map(Scalar::Int),
        DataType::Double => {
            let float = decimal.to_f64();
            let is_same = !decimal.is_finite() || Decimal::from_f64(float).is_same_number(&decimal);
            (is_same && !decimal.is_signaling()).then_some(Scalar::Double(float))
        }
        DataType::Decimal => Some(Scalar::Decimal(decimal)),
        DataType::Wei => Some(Scalar::Wei(decimal)),
        DataType::Bool => match decimal.to_integer() {
            Some(integer @ (0 | 1)) => Some(Scalar::Bool(integer == 1)),
            _ => None,
        },
        _ => None,
    }
}
