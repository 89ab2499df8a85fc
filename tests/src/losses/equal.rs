//! Whether a cell of the destination says exactly what a source gave.
//!
//! Nothing here knows which type Cartage chooses: any cell will do from which the value can be read back.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::given::Given;
use super::moments::{self, DAY, SECOND};
use super::number::Number;
use super::{json, names};

/// A cell of the destination.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Bool(bool),
    /// An integer or a decimal in plain notation.
    Digits(String),
    Double(f64),
    Text(String),
    Json(String),
    Bytes(Vec<u8>),
    Date(i64),
    Time(i128),
    Instant(i128),
}

/// Whether the value can be read back from the cell.
pub(super) fn says(cell: &Cell, given: &Given) -> bool {
    match cell {
        Cell::Json(text) => json::read(text).is_some_and(|value| {
            // A text in a column of documents is the document that it holds.
            let document = match given {
                Given::Text(text) => json::read(text),
                _ => None,
            };
            is_json(&value, given) || document.is_some_and(|document| is_json(&value, &document))
        }),
        Cell::Text(text) => text_says(text, given),
        Cell::Bool(value) => is_boolean(*value, given),
        Cell::Digits(digits) => is_number(digits, given),
        Cell::Double(value) => is_double(*value, given),
        Cell::Bytes(bytes) => match given {
            Given::Bytes(given) => bytes == given,
            Given::Text(text) | Given::Field(text) => {
                text.as_bytes() == bytes || BASE64_STANDARD.encode(bytes) == *text
            }
            _ => false,
        },
        Cell::Date(days) => match given {
            Given::Date(given) => given == days,
            Given::Instant(nanos, false) => *nanos == i128::from(*days) * DAY,
            Given::Text(text) | Given::Field(text) => moments::date(text) == Some(*days),
            _ => false,
        },
        Cell::Time(nanos) => match given {
            Given::Time(given) => given == nanos,
            Given::Text(text) | Given::Field(text) => moments::time(text) == Some(*nanos),
            _ => false,
        },
        Cell::Instant(nanos) => is_instant(*nanos, given),
    }
}

/// As dlt: 1 and 0, and the words of its `coerce` for texts. Other numbers and texts go to a variant, as the row
/// "other values that a column cannot say" of `docs/differences.md` says.
fn is_boolean(value: bool, given: &Given) -> bool {
    let words = if value { ["true", "yes", "t", "y", "1"] } else { ["false", "no", "f", "n", "0"] };
    match given {
        Given::Bool(given) => value == *given,
        Given::Text(text) => words.iter().any(|word| text.eq_ignore_ascii_case(word)),
        // Numbers of CSV are numbers however they are written, and minus zero is zero.
        Given::Field(text) => {
            let number = Number::parse(if value { text } else { text.trim_start_matches('-') });
            words.iter().any(|word| text.eq_ignore_ascii_case(word))
                || number.is_some_and(|number| Some(number) == Number::parse(words[4]))
        }
        Given::Digits(_) | Given::Double(_) => is_number(words[4], given),
        _ => false,
    }
}

fn is_number(digits: &str, given: &Given) -> bool {
    let number = Number::parse(digits);
    match given {
        Given::Digits(text) | Given::Huge(text) => number == Number::parse(text),
        // A decimal has no zero with a sign; JSON and CSV do not tell it from the other one.
        Given::Double(double) => digits
            .parse::<f64>()
            .is_ok_and(|read| read.to_bits() == double.to_bits() || (read == 0.0 && *double == 0.0)),
        Given::Text(text) | Given::Field(text) => {
            let (Some(number), Some(given)) = (number, Number::parse(text)) else { return false };
            // `9.223372036854776e18` is how a double is written that is the integer 9223372036854775808.
            let double = text.parse::<f64>().ok().filter(|_| text.contains(['e', '.']));
            number == given
                || double.is_some_and(|double| given.is_double(double) && number.is_double(double))
        }
        _ => false,
    }
}

fn is_double(value: f64, given: &Given) -> bool {
    match given {
        Given::Text(text) | Given::Field(text) if !value.is_finite() => {
            text_says(text, &Given::Double(value))
        }
        Given::Double(double) => value.to_bits() == double.to_bits() || (value.is_nan() && double.is_nan()),
        Given::Digits(text) | Given::Text(text) | Given::Field(text) => {
            Number::parse(text).is_some_and(|number| number.is_double(value))
        }
        _ => false,
    }
}

fn is_instant(nanos: i128, given: &Given) -> bool {
    match given {
        Given::Instant(given, _) => *given == nanos,
        Given::Date(days) => i128::from(*days) * DAY == nanos,
        Given::Text(text) | Given::Field(text) => {
            let days = || moments::date(text).map(|days| i128::from(days) * DAY);
            let read = moments::instant(text).or_else(days).or_else(|| plain_date(text));
            read == Some(nanos) || is_seconds(text, nanos)
        }
        Given::Digits(text) => is_seconds(text, nanos),
        Given::Double(seconds) => is_seconds(&format!("{seconds:?}"), nanos),
        _ => false,
    }
}

/// Digits that ISO 8601 takes for a year, a day of a year or a day, as dlt does: `1000`, `1021280`, `20240131`.
fn plain_date(digits: &str) -> Option<i128> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let days = match digits.len() {
        4 => moments::date(&format!("{digits}-01-01"))?,
        7 => {
            let day: i64 = digits[4..].parse().ok()?;
            moments::date(&format!("{}-01-01", &digits[..4]))? + day - 1
        }
        8 => moments::date(&format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))?,
        _ => return None,
    };
    Some(i128::from(days) * DAY)
}

/// Whether a number says a moment, in a column of timestamps: seconds since 1970.
fn is_seconds(number: &str, nanos: i128) -> bool {
    let sign = if nanos < 0 { "-" } else { "" };
    let (whole, fraction) = (nanos.abs() / SECOND, nanos.abs() % SECOND);
    let seconds = Number::parse(number);
    seconds.is_some() && seconds == Number::parse(&format!("{sign}{whole}.{fraction:09}"))
}

/// Whether a text is the number of a field as a double is written: what becomes of it in a column that a file of another
/// format has made a column of texts (`docs/csv.md`, "Types").
fn is_double_of_csv(text: &str, field: &str) -> bool {
    let is_plain = !field.trim_start_matches('-').starts_with(['0', '+']);
    is_plain
        && text.contains(['.', 'e'])
        && Number::parse(text).is_some_and(|number| Some(number) == Number::parse(field))
}

fn text_says(text: &str, given: &Given) -> bool {
    match given {
        Given::Null => false,
        Given::Text(given) => text == given,
        Given::Field(given) => text == given || is_double_of_csv(text, given),
        Given::Bool(value) => text.eq_ignore_ascii_case(if *value { "true" } else { "false" }),
        Given::Digits(digits) | Given::Huge(digits) => {
            Number::parse(text).is_some_and(|number| Some(number) == Number::parse(digits))
        }
        Given::Double(double) => match text {
            "NaN" | "nan" => double.is_nan(),
            "Infinity" | "inf" => *double == f64::INFINITY,
            "-Infinity" | "-inf" => *double == f64::NEG_INFINITY,
            _ => {
                Number::parse(text).is_some()
                    && text.parse::<f64>().is_ok_and(|read| read.to_bits() == double.to_bits())
            }
        },
        Given::Bytes(bytes) => BASE64_STANDARD.encode(bytes) == text,
        Given::Date(days) => moments::date(text) == Some(*days),
        Given::Time(nanos) => moments::time(text) == Some(*nanos),
        Given::Instant(nanos, _) => {
            let midnight = || moments::date(text).map(|days| i128::from(days) * DAY);
            moments::instant(text).or_else(midnight).or_else(|| moments::count(text)) == Some(*nanos)
        }
        Given::Length(months, days, nanos) => moments::length(text) == Some((*months, *days, *nanos)),
        Given::List(_) | Given::Object(_) | Given::Map(_) => {
            json::read(text).is_some_and(|value| is_json(&value, given))
        }
    }
}

/// Whether a JSON value says the same. What JSON has no type for is text, as in `docs/differences.md`, row "nested
/// values of Parquet and Arrow".
pub(super) fn is_json(value: &Given, given: &Given) -> bool {
    match (value, given) {
        (Given::Null, given) => *given == Given::Null,
        (Given::Bool(value), given) => says(&Cell::Bool(*value), given),
        (Given::Digits(digits), Given::Double(double)) => {
            digits.parse::<f64>().is_ok_and(|read| read.to_bits() == double.to_bits())
        }
        (Given::Digits(digits), given) => is_number(digits, given),
        (Given::Text(text), given) => text_says(text, given),
        (Given::List(items), Given::List(given)) => {
            items.len() == given.len() && items.iter().zip(given).all(|(item, given)| is_json(item, given))
        }
        (Given::Object(fields), Given::Object(given)) => {
            fields.len() == given.len()
                && given.iter().all(|(key, given)| {
                    let found = fields.iter().find(|(name, _)| name == key);
                    found.is_some_and(|(_, value)| is_json(value, given))
                })
        }
        (Given::Object(fields), Given::Map(given)) => {
            fields.len() == given.len()
                && fields.iter().zip(given).all(|((key, value), (given_key, given))| {
                    let is_key = text_says(key, given_key)
                        || json::read(key).is_some_and(|key| is_json(&key, given_key));
                    is_key && is_json(value, given)
                })
        }
        _ => false,
    }
}

/// Whether the name of a column of the destination is that of a key, or of a variant of it.
pub(super) fn is_column_of(column: &str, name: &str) -> bool {
    names::is_of(column, name)
}
