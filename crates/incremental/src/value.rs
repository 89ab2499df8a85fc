//! Values of cursors: reading them from JSON, comparing them, and writing them into the state.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::{self, Display};

use cartage_values::{Decimal, Scalar, date_to_text, decode_typed, time_to_text, timestamp_to_text};
use serde_json::{Number, Value};

use crate::number;

/// First byte of the marks of typed values: a text that starts with another one is a plain text.
const MARK_BYTE: u8 = 0xef;

const MARK_DECIMAL: char = '\u{f026}';
const MARK_TIMESTAMP: char = '\u{f027}';
const MARK_DATE: char = '\u{f028}';
const MARK_TIME: char = '\u{f02d}';

pub(crate) const NANOS_PER_SECOND: i128 = 1_000_000_000;
pub(crate) const NANOS_PER_DAY: i128 = 86_400 * NANOS_PER_SECOND;

/// A value that is not null. Texts may be borrowed from a page.
#[derive(Clone, Debug)]
pub(crate) enum CursorValue<'a> {
    Bool(bool),
    Int(i128),
    /// A finite float.
    Float(f64),
    Decimal(Decimal),
    Text(Cow<'a, str>),
    /// Nanoseconds since 1970 in UTC, or of the wall clock taken as UTC.
    Timestamp {
        nanos: i128,
        aware: bool,
    },
    /// Days since 1970-01-01.
    Date(i32),
    /// Nanoseconds since midnight.
    Time(i128),
}

/// A part of a row that is not a value of a cursor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoCursor {
    Null,
    /// A list or an object.
    Nested(&'static str),
    /// No JSON at all; normalize says what is wrong with the row.
    Malformed,
}

impl<'a> CursorValue<'a> {
    /// Reads the JSON text of a value.
    pub(crate) fn from_json_text(text: &'a [u8]) -> Result<Self, NoCursor> {
        match text.first() {
            Some(b'"') => Self::from_quoted(text),
            Some(b'0'..=b'9' | b'-') => Self::from_number(text),
            Some(b'n') => Err(if text == b"null" { NoCursor::Null } else { NoCursor::Malformed }),
            Some(b't') if text == b"true" => Ok(Self::Bool(true)),
            Some(b'f') if text == b"false" => Ok(Self::Bool(false)),
            Some(b'[') => Err(NoCursor::Nested("a list")),
            Some(b'{') => Err(NoCursor::Nested("an object")),
            _ => Err(NoCursor::Malformed),
        }
    }

    fn from_quoted(text: &'a [u8]) -> Result<Self, NoCursor> {
        let inner = text[1..].strip_suffix(b"\"").ok_or(NoCursor::Malformed)?;
        if inner.contains(&b'\\') {
            let owned: String = serde_json::from_slice(text).map_err(|_| NoCursor::Malformed)?;
            return Ok(Self::from_text(Cow::Owned(owned)));
        }
        let inner = std::str::from_utf8(inner).map_err(|_| NoCursor::Malformed)?;
        Ok(Self::from_text(Cow::Borrowed(inner)))
    }

    fn from_number(text: &[u8]) -> Result<Self, NoCursor> {
        let text = std::str::from_utf8(text).map_err(|_| NoCursor::Malformed)?;
        if !text.contains(['.', 'e', 'E']) {
            return match text.parse() {
                Ok(integer) => Ok(Self::Int(integer)),
                Err(_) => Decimal::parse(text).map(Self::Decimal).ok_or(NoCursor::Malformed),
            };
        }
        let float: f64 = text.parse().map_err(|_| NoCursor::Malformed)?;
        if float.is_finite() { Ok(Self::Float(float)) } else { Err(NoCursor::Malformed) }
    }

    /// Takes a text, which is a typed value if it has a mark.
    pub(crate) fn from_text(text: Cow<'a, str>) -> Self {
        if text.as_bytes().first() == Some(&MARK_BYTE)
            && let Some(typed) = typed(&text)
        {
            return typed;
        }
        Self::Text(text)
    }

    /// Reads a value of the state or the configuration; `None` is null.
    pub(crate) fn from_value(value: &Value) -> Result<Option<CursorValue<'static>>, String> {
        match value {
            Value::Null => Ok(None),
            Value::Bool(boolean) => Ok(Some(CursorValue::Bool(*boolean))),
            Value::Number(number) => Ok(Some(from_json_number(number))),
            Value::String(text) => Ok(Some(CursorValue::from_text(Cow::Owned(text.clone())))),
            Value::Array(_) | Value::Object(_) => Err(format!(
                "`{value}` is not a number, a text or a time, and cannot be compared with a cursor"
            )),
        }
    }

    /// The value as the state holds it. What JSON cannot hold is a marked text, as dlt writes it.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Bool(boolean) => Value::Bool(*boolean),
            Self::Int(integer) => match (i64::try_from(*integer), u64::try_from(*integer)) {
                (Ok(small), _) => small.into(),
                (_, Ok(large)) => large.into(),
                _ => format!("{MARK_DECIMAL}{integer}").into(),
            },
            Self::Float(float) => Number::from_f64(*float).map_or(Value::Null, Value::Number),
            Self::Decimal(decimal) => format!("{MARK_DECIMAL}{decimal}").into(),
            Self::Text(text) => Value::String(text.clone().into_owned()),
            Self::Timestamp { .. } => format!("{MARK_TIMESTAMP}{}", self.plain()).into(),
            Self::Date(_) => format!("{MARK_DATE}{}", self.plain()).into(),
            Self::Time(_) => format!("{MARK_TIME}{}", self.plain()).into(),
        }
    }

    /// The value for those who put it into requests: points in time and decimals as plain text.
    pub(crate) fn to_plain_value(&self) -> Value {
        match self {
            Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Text(_) => self.to_value(),
            _ => self.plain().into(),
        }
    }

    pub(crate) fn into_owned(self) -> CursorValue<'static> {
        match self {
            Self::Text(text) => CursorValue::Text(Cow::Owned(text.into_owned())),
            Self::Bool(boolean) => CursorValue::Bool(boolean),
            Self::Int(integer) => CursorValue::Int(integer),
            Self::Float(float) => CursorValue::Float(float),
            Self::Decimal(decimal) => CursorValue::Decimal(decimal),
            Self::Timestamp { nanos, aware } => CursorValue::Timestamp { nanos, aware },
            Self::Date(days) => CursorValue::Date(days),
            Self::Time(nanos) => CursorValue::Time(nanos),
        }
    }

    /// Order of two values; `None` where their types have none. Texts compare as texts, whatever they say.
    pub(crate) fn order(&self, other: &CursorValue<'_>) -> Option<Ordering> {
        use CursorValue as C;
        match (self, other) {
            (C::Text(a), C::Text(b)) => Some(a.as_ref().cmp(b.as_ref())),
            (C::Int(a), C::Int(b)) => Some(a.cmp(b)),
            (C::Float(a), C::Float(b)) => a.partial_cmp(b),
            (C::Timestamp { nanos: a, .. }, C::Timestamp { nanos: b, .. }) | (C::Time(a), C::Time(b)) => {
                Some(a.cmp(b))
            }
            (C::Date(a), C::Date(b)) => Some(a.cmp(b)),
            (C::Int(a), C::Float(b)) => Some(number::integer_with_float(*a, *b)),
            (C::Float(a), C::Int(b)) => Some(number::integer_with_float(*b, *a).reverse()),
            (C::Bool(boolean), _) => C::Int(i128::from(*boolean)).order(other),
            (_, C::Bool(boolean)) => self.order(&C::Int(i128::from(*boolean))),
            _ => number::decimals(&self.decimal()?, &other.decimal()?),
        }
    }

    /// The number as a decimal.
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        match self {
            Self::Bool(boolean) => Some(Decimal::from_i128(i128::from(*boolean))),
            Self::Int(integer) => Some(Decimal::from_i128(*integer)),
            Self::Float(float) => Some(Decimal::from_f64(*float)),
            Self::Decimal(decimal) => Some(decimal.clone()),
            _ => None,
        }
    }

    /// The value as a person writes it, without quotes or marks.
    fn plain(&self) -> String {
        match self {
            Self::Bool(boolean) => boolean.to_string(),
            Self::Int(integer) => integer.to_string(),
            Self::Float(float) => float.to_string(),
            Self::Decimal(decimal) => decimal.to_string(),
            Self::Text(text) => text.clone().into_owned(),
            Self::Date(days) => date_to_text(*days),
            Self::Time(nanos) => with_nanos(time_to_text(micros(*nanos)), *nanos, 15),
            Self::Timestamp { nanos, aware } => {
                with_nanos(timestamp_to_text(micros(*nanos), *aware), *nanos, 26)
            }
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Float(_) => "number",
            Self::Decimal(_) => "decimal",
            Self::Text(_) => "text",
            Self::Timestamp { .. } => "timestamp",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
        }
    }
}

impl Display for CursorValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.plain();
        // A value may be a text of any length; a message shows enough to recognize it.
        let shown: String = plain.chars().take(80).collect();
        let cut = if shown.len() < plain.len() { "…" } else { "" };
        write!(f, "`{shown}{cut}` ({})", self.type_name())
    }
}

fn micros(nanos: i128) -> i64 {
    i64::try_from(nanos.div_euclid(1_000)).unwrap_or(i64::MAX)
}

/// Adds the digits after the microseconds, which Python's format does not have, where there are any.
fn with_nanos(text: String, nanos: i128, fraction_end: usize) -> String {
    let rest = nanos.rem_euclid(1_000);
    if rest == 0 {
        return text;
    }
    // A fraction that is zero up to the microseconds is left out of the text.
    let seconds_end = fraction_end - 7;
    let (head, tail) = text.split_at(seconds_end);
    match tail.strip_prefix('.') {
        Some(fraction) => format!("{head}.{}{rest:03}{}", &fraction[..6], &fraction[6..]),
        None => format!("{head}.000000{rest:03}{tail}"),
    }
}

fn from_json_number(number: &Number) -> CursorValue<'static> {
    match (number.as_i128(), number.as_f64()) {
        (Some(integer), _) => CursorValue::Int(integer),
        (None, Some(float)) => CursorValue::Float(float),
        (None, None) => CursorValue::Int(0),
    }
}

/// Reads a text with a mark.
fn typed(text: &str) -> Option<CursorValue<'static>> {
    let finer = i128::from(digits_behind_micros(text));
    match decode_typed(text)? {
        Scalar::Timestamp { micros, aware } => {
            Some(CursorValue::Timestamp { nanos: i128::from(micros) * 1_000 + finer, aware })
        }
        Scalar::Time(micros) => Some(CursorValue::Time(i128::from(micros) * 1_000 + finer)),
        Scalar::Date(days) => Some(CursorValue::Date(days)),
        Scalar::Decimal(decimal) | Scalar::Wei(decimal) => {
            decimal.is_finite().then_some(CursorValue::Decimal(decimal))
        }
        Scalar::Text(text) => Some(CursorValue::Text(Cow::Owned(text.into_owned()))),
        _ => None,
    }
}

/// The seventh to ninth digit of a fraction, which microseconds do not hold.
fn digits_behind_micros(text: &str) -> u16 {
    let Some((_, fraction)) = text.split_once('.') else { return 0 };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).skip(6);
    let digit =
        |digits: &mut dyn Iterator<Item = u8>| digits.next().map_or(0, |digit| u16::from(digit - b'0'));
    let mut digits = digits.take(3);
    digit(&mut digits) * 100 + digit(&mut digits) * 10 + digit(&mut digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> CursorValue<'_> {
        CursorValue::from_json_text(text.as_bytes()).unwrap()
    }

    #[test]
    fn values_go_into_the_state_and_back_without_loss() {
        for text in [
            "1",
            "-7",
            "18446744073709551615",
            "340282366920938463463374607431768211456",
            "1.5",
            "1e300",
            "\"a\"",
            "true",
            "\"\u{f027}2024-01-01T00:00:00.123456789+00:00\"",
            "\"\u{f027}2024-01-01T00:00:00.000000001\"",
            "\"\u{f027}2024-01-01T00:00:00.25\"",
            "\"\u{f028}2024-01-01\"",
            "\"\u{f02d}10:00:00.000001002\"",
        ] {
            let value = read(text);
            let stored = value.to_value();
            let back = CursorValue::from_value(&stored).unwrap().unwrap();
            assert_eq!(value.order(&back), Some(Ordering::Equal), "{text} became {stored}");
            assert_eq!(back.to_value(), stored);
        }
    }

    #[test]
    fn numbers_compare_across_types_and_other_types_do_not() {
        let order = |a, b| read(a).order(&read(b));
        assert_eq!(order("1", "1.0"), Some(Ordering::Equal));
        assert_eq!(order("true", "1"), Some(Ordering::Equal));
        assert_eq!(order("9007199254740993", "9007199254740992.0"), Some(Ordering::Greater));
        assert_eq!(order("1e39", "999999999999999999999999999999999999999"), Some(Ordering::Greater));
        assert_eq!(order("\"10\"", "\"9\""), Some(Ordering::Less));
        assert_eq!(order("\"1\"", "1"), None);
        assert_eq!(order("\"\u{f028}2024-01-01\"", "\"2024-01-01\""), None);
        assert_eq!(order("\"\u{f027}2024-01-01T00:00:00\"", "\"\u{f028}2024-01-01\""), None);
    }

    #[test]
    fn what_is_no_value_is_told_apart() {
        let no = |text: &str| CursorValue::from_json_text(text.as_bytes()).unwrap_err();
        assert_eq!(no("null"), NoCursor::Null);
        assert_eq!(no("[1]"), NoCursor::Nested("a list"));
        for text in ["nul", "-", "1e999", "\"\\x\"", "\"", "tru", "1.2.3"] {
            assert_eq!(no(text), NoCursor::Malformed, "{text}");
        }
    }
}
