//! Values of columnar files in columns of another type: only where nothing is lost.
//!
//! dlt's coercion rounds and reinterprets where rows of JSON leave no choice. Columnar values have types of their
//! own, so they are converted only if the column then tells the same value; all others go to a variant column.

use cartage_schema::{Column, DataType};
use cartage_values::{Decimal, Iso, Scalar, coerce, date_to_text, parse_iso, timestamp_to_text};

use crate::columns::Physical;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The value as one of the column; the value itself where the column cannot hold all of it.
pub(crate) fn exact<'v>(
    value: Scalar<'v>,
    column: &Column,
    physical: Physical,
) -> Result<Scalar<'v>, Scalar<'v>> {
    let Some(to) = column.data_type else { return Err(value) };
    let holds = match (&value, to) {
        (Scalar::Int(value), DataType::Bigint) => fits_bits(*value, column.precision),
        (Scalar::Int(value), DataType::Double) => {
            let float = *value as f64;
            float.abs() < 2_f64.powi(126) && float as i128 == *value
        }
        (Scalar::Int(value), DataType::Decimal | DataType::Wei) => {
            fits_digits(&Decimal::from_i128(*value), column, physical)
        }
        (Scalar::Double(value), DataType::Bigint) => {
            let fits = value.fract() == 0.0 && value.abs() < 2_f64.powi(63);
            fits && !(*value == 0.0 && value.is_sign_negative())
                && fits_bits(*value as i128, column.precision)
        }
        (Scalar::Double(value), DataType::Decimal) => {
            value.is_finite() && fits_digits(&Decimal::from_f64(*value), column, physical)
        }
        (Scalar::Decimal(value), DataType::Decimal | DataType::Wei) => fits_digits(value, column, physical),
        (Scalar::Decimal(value), DataType::Bigint) => {
            value.to_integer().is_some_and(|value| fits_bits(value, column.precision))
        }
        (Scalar::Decimal(value), DataType::Double) => {
            let float = value.to_f64();
            float.is_finite() && Plain::of(&Decimal::from_f64(float)) == Plain::of(value)
        }
        (Scalar::Timestamp { micros, .. }, DataType::Timestamp) | (Scalar::Time(micros), DataType::Time) => {
            fits_fraction(*micros, column.precision)
        }
        (Scalar::Timestamp { micros, aware }, DataType::Date) => !aware && micros.rem_euclid(DAY) == 0,
        (Scalar::Date(_), DataType::Timestamp) => true,
        (Scalar::Text(text), DataType::Bigint) => {
            let number = text.parse::<i64>().ok();
            number.is_some_and(|number| {
                number.to_string() == **text && fits_bits(number.into(), column.precision)
            })
        }
        (Scalar::Text(text), DataType::Double | DataType::Decimal) => {
            let printed = coerce(value.clone(), to).and_then(|number| coerce(number, DataType::Text));
            let same = matches!(&printed, Ok(Scalar::Text(printed)) if printed == text);
            let fits = |number: Decimal| to == DataType::Double || fits_digits(&number, column, physical);
            same && Decimal::parse(text).is_some_and(fits)
        }
        (Scalar::Text(text), DataType::Date | DataType::Timestamp) => tells(text, to, column.precision),
        (other, DataType::Text) => other.data_type() != DataType::Binary,
        (other, to) => other.data_type() == to,
    };
    if !holds {
        return Err(value);
    }
    coerce(value.clone(), to).map_err(|_| value)
}

/// Whether a text is a date or a timestamp in UTC or without zone, written as such, with no digit that would be lost.
fn tells(text: &str, to: DataType, digits: Option<u32>) -> bool {
    match (parse_iso(text), to) {
        (Some(Iso::Date(days)), DataType::Date) => date_to_text(days) == text,
        (Some(Iso::Timestamp { micros, aware }), DataType::Timestamp) => {
            let same = plain_moment(&timestamp_to_text(micros, aware)) == plain_moment(text);
            same && fits_fraction(micros, digits)
        }
        _ => false,
    }
}

/// A timestamp in one spelling, without zeros at the end of its fraction.
fn plain_moment(text: &str) -> String {
    let text = text.replacen(' ', "T", 1);
    let (clock, zone) = match text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")) {
        Some(clock) => (clock, "Z"),
        None => (text.as_str(), ""),
    };
    let clock = if clock.contains('.') { clock.trim_end_matches('0').trim_end_matches('.') } else { clock };
    format!("{clock}{zone}")
}

/// Whether an integer fits a column of this many bits.
fn fits_bits(value: i128, bits: Option<u32>) -> bool {
    let bits = bits.unwrap_or(64).clamp(8, 64);
    (-(1_i128 << (bits - 1))..1_i128 << (bits - 1)).contains(&value)
}

/// Whether a column of this many fraction digits holds all of the microseconds.
fn fits_fraction(micros: i64, digits: Option<u32>) -> bool {
    let digits = digits.unwrap_or(6).min(6);
    micros % 10_i64.pow(6 - digits) == 0
}

fn fits_digits(value: &Decimal, column: &Column, physical: Physical) -> bool {
    let (precision, scale) = match physical {
        Physical::Decimal { precision, scale } => (i64::from(precision), i64::from(scale)),
        _ => (i64::from(column.precision.unwrap_or(38)), i64::from(column.scale.unwrap_or(0))),
    };
    Plain::of(value).is_some_and(|plain| {
        let whole = plain.digits.len() as i64 + plain.exponent;
        -plain.exponent <= scale && whole <= precision - scale
    })
}

/// A number without zeros at either end: its digits count units of `10^exponent`.
#[derive(Debug, PartialEq, Eq)]
struct Plain {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Plain {
    fn of(value: &Decimal) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let text = value.to_string();
        let (negative, text) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['E', 'e']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent = exponent.parse::<i64>().ok()? - fraction.len() as i64;
        let digits = format!("{whole}{fraction}");
        let trimmed = digits.trim_end_matches('0');
        let exponent = exponent + (digits.len() - trimmed.len()) as i64;
        let digits = trimmed.trim_start_matches('0').to_owned();
        let is_zero = digits.is_empty();
        Some(Self { negative: negative && !is_zero, digits, exponent: if is_zero { 0 } else { exponent } })
    }
}
