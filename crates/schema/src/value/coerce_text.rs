//! Conversion of texts, which is where most of the rules are.

use std::borrow::Cow;

use super::base64::decode_strict;
use super::coerce::{day_of, epoch_timestamp};
use super::decimal::Decimal;
use super::iso::{Iso, parse_iso};
use super::number::{parse_float, parse_hex, parse_int};
use super::scalar::Scalar;
use crate::canonical;
use crate::text::trim;
use crate::words::DataType;

/// Converts a text to any other type than text.
pub(super) fn coerce_text(text: Cow<'_, str>, to: DataType) -> Option<Scalar<'_>> {
    match to {
        DataType::Text => Some(Scalar::Text(text)),
        DataType::Bigint => match hex(&text) {
            Some(digits) => parse_hex(digits),
            None => parse_int(&text),
        }
        .map(Scalar::Int),
        DataType::Double => match hex(&text) {
            Some(digits) => parse_hex(digits).map(|integer| integer as f64),
            None => parse_float(&text),
        }
        .map(Scalar::Double),
        DataType::Decimal => decimal(&text).map(Scalar::Decimal),
        DataType::Wei => decimal(&text).map(Scalar::Wei),
        DataType::Bool => truth(&text).map(Scalar::Bool),
        DataType::Timestamp => timestamp(&text),
        DataType::Date => match timestamp(&text)? {
            Scalar::Timestamp { micros, .. } => Some(Scalar::Date(day_of(micros))),
            _ => None,
        },
        DataType::Time => match parse_iso(&text)? {
            Iso::Time(micros) => Some(Scalar::Time(micros)),
            _ => None,
        },
        DataType::Binary => binary(&text).map(|bytes| Scalar::Binary(bytes.into())),
        DataType::Json => {
            let value = canonical::parse(&text).ok()?;
            Some(Scalar::Json(canonical::to_compact(&value).into()))
        }
    }
}

/// What follows `0x`.
fn hex(text: &str) -> Option<&str> {
    trim(text).strip_prefix("0x")
}

fn decimal(text: &str) -> Option<Decimal> {
    match hex(text) {
        Some(digits) => parse_hex(digits).map(Decimal::from_i128),
        None => Decimal::parse(text),
    }
}

fn truth(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(&["yes", "true", "t", "y", "1"]) {
        Some(true)
    } else if is_one_of(&["no", "false", "f", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// ISO 8601, where dates are naive midnights, else seconds since 1970.
fn timestamp(text: &str) -> Option<Scalar<'static>> {
    match parse_iso(text) {
        Some(Iso::Timestamp { micros, aware }) => Some(Scalar::Timestamp { micros, aware }),
        Some(Iso::Date(days)) => {
            let micros = i64::from(days) * super::calendar::MICROS_PER_DAY;
            Some(Scalar::Timestamp { micros, aware: false })
        }
        Some(Iso::Time(_)) => None,
        None => epoch_timestamp(parse_float(text)?),
    }
}

fn binary(text: &str) -> Option<Vec<u8>> {
    let Some(digits) = text.strip_prefix("0x") else { return decode_strict(text) };
    // Python allows ASCII white space between bytes, but not within one.
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let mut rest = digits.bytes().peekable();
    while let Some(high) = rest.next() {
        if high.is_ascii_whitespace() || high == 0x0b {
            continue;
        }
        let value = |digit: u8| char::from(digit).to_digit(16);
        bytes.push((value(high)? * 16 + value(rest.next()?)?) as u8);
    }
    Some(bytes)
}
