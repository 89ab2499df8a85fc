//! Hashes of rows, by which the next run knows those at the boundary again.

use std::collections::HashSet;

use cartage_row_readers::field;
use cartage_schema::content_hash;
use cartage_source_api::InstantForm;
use cartage_values::{Scalar, canonical, decode_typed, strip_markers};
use serde_json::{Map, Value};

use crate::error::CursorError;
use crate::settings::RowKey;

const BYTES: usize = 9;
/// Releases of dlt before 1.29 wrote longer hashes.
const LEGACY_BYTES: usize = 15;
const LEGACY_CHARACTERS: usize = 20;

/// A float of this size may stand for an integer that has more digits than a float.
const INTEGERS_ROUND_FROM: f64 = 9.3e18;

/// Which form hashes have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HashForm {
    #[default]
    Current,
    Legacy,
}

impl HashForm {
    /// The form of stored hashes.
    pub(crate) fn of(hashes: &HashSet<String>) -> Self {
        if hashes.iter().any(|hash| hash.len() == LEGACY_CHARACTERS) { Self::Legacy } else { Self::Current }
    }

    /// How points in time of columns enter hashes of this form.
    pub(crate) fn instants(self) -> InstantForm {
        match self {
            Self::Current => InstantForm::Micros,
            Self::Legacy => InstantForm::Text,
        }
    }
}

/// Hash of a row of JSON text.
pub(crate) fn of_row(row: &[u8], key: &RowKey, form: HashForm) -> Result<String, CursorError> {
    let value = match key {
        RowKey::Column(column) => key_value(row, column)?,
        RowKey::Columns(columns) => {
            Value::Array(columns.iter().map(|column| key_value(row, column)).collect::<Result<_, _>>()?)
        }
        RowKey::WholeRow | RowKey::None => parsed(row),
    };
    Ok(of_value(value, form))
}

/// Hash of a value that was made of columns: texts are plain, and points in time integers already.
pub(crate) fn of_plain_value(value: &Value, form: HashForm) -> String {
    let bytes = canonical::to_vec(value);
    content_hash(&bytes, if form == HashForm::Legacy { LEGACY_BYTES } else { BYTES })
}

/// Hash of a value that may hold typed texts.
fn of_value(mut value: Value, form: HashForm) -> String {
    plain(&mut value, form);
    of_plain_value(&value, form)
}

fn key_value(row: &[u8], column: &str) -> Result<Value, CursorError> {
    let row = row.trim_ascii();
    let found = if row.first() == Some(&b'{') { field(row, column).ok().flatten() } else { None };
    found.map(parsed).ok_or_else(|| CursorError::KeyMissing { column: column.to_owned() })
}

/// The value of a JSON text. What is not JSON, and what would lose digits, is hashed as the text that it is.
fn parsed(text: &[u8]) -> Value {
    let text = String::from_utf8_lossy(text);
    match canonical::parse(&text) {
        Ok(value) if !(is_rounded(&value) && has_long_integer(&text)) => value,
        _ => Value::String(text.into_owned()),
    }
}

fn is_rounded(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.is_f64() && number.as_f64().is_some_and(|float| float.abs() > INTEGERS_ROUND_FROM)
        }
        Value::Array(items) => items.iter().any(is_rounded),
        Value::Object(map) => map.values().any(is_rounded),
        _ => false,
    }
}

/// Whether a JSON text has an integer that 64 bits do not hold. Texts in it, and floats of any length, do not count.
fn has_long_integer(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'0'..=b'9' | b'-' => {
                let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let length = bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                let number = &text[at..at + length];
                if !number.contains(['.', 'e', 'E'])
                    && number.parse::<i64>().is_err()
                    && number.parse::<u64>().is_err()
                {
                    return true;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    false
}

/// Makes typed texts plain. Points in time become microseconds, so that one instant has one hash in all zones.
fn plain(value: &mut Value, form: HashForm) {
    match value {
        Value::String(text) if text.starts_with('\u{f027}') && form == HashForm::Current => {
            if let Some(Scalar::Timestamp { micros, .. }) = decode_typed(text) {
                *value = micros.into();
            }
        }
        Value::String(text) if text.starts_with(|first: char| ('\u{f026}'..='\u{f02d}').contains(&first)) => {
            let quoted = canonical::to_compact(value);
            if let Ok(stripped) = serde_json::from_str(&strip_markers(&quoted)) {
                *value = in_utc(stripped, form);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| plain(item, form)),
        Value::Object(map) => map.values_mut().for_each(|item| plain(item, form)),
        _ => {}
    }
}

/// Old hashes have `Z` for UTC.
fn in_utc(value: Value, form: HashForm) -> Value {
    match value {
        Value::String(text) if form == HashForm::Legacy && text.ends_with("+00:00") => {
            Value::String(format!("{}Z", text.trim_end_matches("+00:00")))
        }
        other => other,
    }
}

/// The value that a key of columns stands for.
pub(crate) fn key_of(columns: Map<String, Value>, key: &RowKey) -> Value {
    match key {
        RowKey::Column(_) => columns.into_iter().next().map(|(_, value)| value).unwrap_or_default(),
        RowKey::Columns(_) => columns.into_iter().map(|(_, value)| value).collect(),
        RowKey::WholeRow | RowKey::None => Value::Object(columns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(row: &str, key: &RowKey) -> String {
        of_row(row.as_bytes(), key, HashForm::Current).unwrap()
    }

    #[test]
    fn hashes_are_those_of_dlt() {
        assert_eq!(hash(r#"{"id": 1}"#, &RowKey::Column("id".into())), "669czW83KR00");
        assert_eq!(hash(r#"{"id": 1}"#, &RowKey::Columns(vec!["id".into()])), "Lj3E34tIJ/Zx");
        assert_eq!(hash(r#"{"n": 1}"#, &RowKey::WholeRow), "GwaIBc5IuCHE");
    }

    #[test]
    fn hashes_of_all_kinds_of_values_are_those_of_dlt() {
        let vectors = include_str!("../../../fixtures/dlt/unique_hashes.jsonl");
        for line in vectors.lines() {
            let vector: Value = serde_json::from_str(line).unwrap();
            let key = match &vector["key"] {
                Value::Null => RowKey::WholeRow,
                Value::String(column) => RowKey::Column(column.clone()),
                columns => RowKey::Columns(serde_json::from_value(columns.clone()).unwrap()),
            };
            let row = vector["row"].as_str().unwrap();
            let hash = |form| of_row(row.as_bytes(), &key, form).unwrap();
            assert_eq!(hash(HashForm::Current), vector["hash"], "{row} {key:?}");
            assert_eq!(hash(HashForm::Legacy), vector["legacy"], "{row} {key:?}");
        }
    }

    #[test]
    fn the_order_of_keys_and_white_space_do_not_matter() {
        let row = hash(r#"{"b": [1, 2.0], "a": "x"}"#, &RowKey::WholeRow);
        assert_eq!(row, hash(r#"{"a":"x","b":[1,2.0]}"#, &RowKey::WholeRow));
        assert_ne!(row, hash(r#"{"a":"x","b":[2.0,1]}"#, &RowKey::WholeRow));
    }

    #[test]
    fn integers_of_more_digits_than_a_float_stay_apart() {
        let row = |digit| hash(&format!(r#"{{"a": 10000000000000000000{digit}}}"#), &RowKey::WholeRow);
        assert_ne!(row(1), row(2));
        // A float of many digits is the float, as are those in texts nothing but texts.
        assert_eq!(
            hash(r#"{"a": 12345678901234567890.5, "b": "12345678901234567890"}"#, &RowKey::WholeRow),
            hash(r#"{"b":"12345678901234567890","a":1.2345678901234567e19}"#, &RowKey::WholeRow)
        );
    }

    #[test]
    fn one_instant_has_one_hash_in_all_zones() {
        let row = |text: &str| hash(&format!("{{\"t\": \"\u{f027}{text}\"}}"), &RowKey::WholeRow);
        assert_eq!(row("2024-01-01T00:00:00+00:00"), row("2024-01-01T02:00:00+02:00"));
    }

    #[test]
    fn a_row_without_its_key_is_an_error() {
        let key = RowKey::Column("id".into());
        let missing = Err(CursorError::KeyMissing { column: "id".into() });
        assert_eq!(of_row(b"{}", &key, HashForm::Current), missing);
        assert!(of_row(br#"{"id": null}"#, &key, HashForm::Current).is_ok());
    }
}
