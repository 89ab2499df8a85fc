//! Typed values in JSON: texts that start with a character of Unicode's private use area.
//!
//! dlt writes values that JSON cannot hold as texts with such a mark in front. Our own packages hold raw
//! JSON; the marks matter for state documents and for rows that were written with dlt's encoding.

use std::borrow::Cow;

use serde_json::Value;

use crate::base64::decode_lenient;
use crate::calendar::MICROS_PER_DAY;
use crate::canonical::to_compact;
use crate::decimal::Decimal;
use crate::iso::parse_iso;
use crate::moment::Iso;
use crate::scalar::Scalar;

/// The first mark; the others follow it.
const FIRST: char = '\u{f026}';
/// One after the last of dlt's marks, whose own test lets this one through, which then fails to decode. Here it stands in
/// front of a text that begins with a mark itself.
const AFTER_LAST: char = '\u{f02e}';
/// The bytes with which all marks start in UTF-8.
const MAGIC: &str = "\u{f026}";

/// Decodes a text with a mark. `None` for texts without mark and for those that do not hold what their mark
/// says; both are plain texts.
pub fn decode_typed(text: &str) -> Option<Scalar<'_>> {
    let (mark, rest) = split_mark(text)?;
    match mark as u32 - FIRST as u32 {
        0 => Decimal::parse(rest).map(Scalar::Decimal),
        1 => match parse_iso(rest)? {
            Iso::Timestamp { micros, aware } => Some(Scalar::Timestamp { micros, aware }),
            Iso::Date(days) => {
                Some(Scalar::Timestamp { micros: i64::from(days) * MICROS_PER_DAY, aware: false })
            }
            Iso::Time(_) => None,
        },
        2 => match parse_iso(rest)? {
            Iso::Date(days) => Some(Scalar::Date(days)),
            _ => None,
        },
        3 => is_uuid(rest).then(|| Scalar::Text(rest.to_ascii_lowercase().into())),
        4 => decode_hex(rest).map(|bytes| Scalar::Binary(bytes.into())),
        5 => decode_lenient(rest).map(|bytes| Scalar::Binary(bytes.into())),
        6 => Decimal::parse(rest).map(Scalar::Wei),
        7 => match parse_iso(rest)? {
            Iso::Time(micros) => Some(Scalar::Time(micros)),
            _ => None,
        },
        // Texts that begin with a mark themselves have this one in front.
        8 if rest.starts_with(|first| (FIRST..=AFTER_LAST).contains(&first)) => {
            Some(Scalar::Text(rest.into()))
        }
        _ => None,
    }
}

/// Splits the mark off a text that has one and something after it.
fn split_mark(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    let mark = characters.next().filter(|c| (FIRST..=AFTER_LAST).contains(c))?;
    let rest = characters.as_str();
    (!rest.is_empty()).then_some((mark, rest))
}

/// Removes the marks of all texts in a JSON document, so that they become plain texts. The document is
/// borrowed where it has none.
pub fn strip_markers(json: &str) -> Cow<'_, str> {
    // The first two bytes are those of a good many characters, but testing them skips most documents.
    if !json.as_bytes().windows(2).any(|pair| pair == &MAGIC.as_bytes()[..2]) {
        return Cow::Borrowed(json);
    }
    match serde_json::from_str(json) {
        Ok(mut value) => {
            strip(&mut value);
            Cow::Owned(to_compact(&value))
        }
        Err(_) => Cow::Borrowed(json),
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((_, rest)) = split_mark(text) {
                *text = rest.to_owned();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(map) => map.values_mut().for_each(strip),
        _ => {}
    }
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let value = |digit: u8| char::from(digit).to_digit(16);
    (digits.len().is_multiple_of(2)).then(|| {
        digits.chunks(2).map(|pair| Some((value(pair[0])? * 16 + value(pair[1])?) as u8)).collect()
    })?
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
