//! Conversion of texts, which is where most of the rules are.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base64::decode_strict;
use crate::canonical;
use crate::decimal::Decimal;
use crate::epoch::{epoch_timestamp, midnight};
use crate::iso::{cuts_fraction, parse_iso};
use crate::json_tokens::{JsonToken, json_tokens};
use crate::moment::Iso;
use crate::number::{parse_decimal, parse_float, parse_hex, parse_int};
use crate::scalar::Scalar;
use crate::words::DataType;

/// Converts a text to any other type than text.
pub(crate) fn coerce_text(text: Cow<'_, str>, to: DataType) -> Option<Scalar<'_>> {
    match to {
        DataType::Text => Some(Scalar::Text(text)),
        DataType::Bigint => parse_int(&text).map(Scalar::Int),
        DataType::Double => parse_float(&text).map(Scalar::Double),
        DataType::Decimal => parse_decimal(&text).map(Scalar::Decimal),
        // Blockchains write their numbers as `0x..`.
        DataType::Wei => {
            parse_hex(&text).map(Decimal::from_i128).or_else(|| parse_decimal(&text)).map(Scalar::Wei)
        }
        DataType::Bool => boolean(&text).map(Scalar::Bool),
        DataType::Timestamp => timestamp(&text),
        DataType::Date => match timestamp(&text)? {
            Scalar::Timestamp { micros, .. } => midnight(micros),
            _ => None,
        },
        DataType::Time if cuts_fraction(&text) => None,
        DataType::Time => match parse_iso(&text)? {
            Iso::Time(micros) => Some(Scalar::Time(micros)),
            _ => None,
        },
        DataType::Binary => binary(&text).map(|bytes| Scalar::Binary(bytes.into())),
        DataType::Json => {
            let value = canonical::parse(&text).ok()?;
            let compact = canonical::to_compact(&value);
            says_the_same(&text, &compact).then(|| Scalar::Json(compact.into()))
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
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
    if cuts_fraction(text) {
        return None;
    }
    match parse_iso(text) {
        Some(Iso::Timestamp { micros, aware }) => Some(Scalar::Timestamp { micros, aware }),
        Some(Iso::Date(days)) => {
            let micros = i64::from(days) * super::calendar::MICROS_PER_DAY;
            Some(Scalar::Timestamp { micros, aware: false })
        }
        Some(Iso::Time(_)) => None,
        None => epoch_timestamp(&parse_decimal(text)?),
    }
}

/// Base64 in its usual form, or bytes as `0x..`. White space that Python passes over would be lost.
fn binary(text: &str) -> Option<Vec<u8>> {
    let Some(digits) = text.strip_prefix("0x") else {
        return decode_strict(text).filter(|bytes| STANDARD.encode(bytes) == text);
    };
    let value = |digit: u8| char::from(digit).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some((value(pair[0])? * 16 + value(*pair.get(1)?)?) as u8)).collect()
}

/// Whether a document and what a parser made of it hold the same numbers and as many members: parsers round
/// numbers of many digits, and keep one of two equal keys.
fn says_the_same(document: &str, compact: &str) -> bool {
    let (numbers, members) = numbers_and_members(document);
    let (kept, kept_members) = numbers_and_members(compact);
    let is_same = |(a, b): (&str, &str)| {
        a == b || matches!((Decimal::parse(a), Decimal::parse(b)), (Some(a), Some(b)) if a.is_same_number(&b))
    };
    members == kept_members && numbers.len() == kept.len() && numbers.into_iter().zip(kept).all(is_same)
}

/// The numbers of a JSON document, and how many members its objects have.
fn numbers_and_members(document: &str) -> (Vec<&str>, usize) {
    let (mut numbers, mut members) = (Vec::new(), 0);
    for token in json_tokens(document) {
        match token {
            JsonToken::Number(place) => numbers.push(&document[place]),
            JsonToken::Colon => members += 1,
        }
    }
    (numbers, members)
}
