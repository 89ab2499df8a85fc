//! JSON as dlt writes it for hashing: sorted keys, no white space, shortest numbers.
//!
//! The exact bytes matter, because version hashes and computed row ids are hashes of them. Floats are
//! written as orjson, dlt's JSON library, writes them, which is neither Python's form nor that of
//! `serde_json`.

use std::borrow::Cow;

use serde_json::Value;

/// Reads JSON as dlt's library does: like `serde_json`, but `-0` is the integer 0, and not a float.
///
/// # Errors
/// Those of `serde_json`.
pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(&without_negative_zeros(text))
}

/// Drops the sign of every integer zero outside of texts.
fn without_negative_zeros(text: &str) -> Cow<'_, str> {
    if !text.contains("-0") {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let (mut kept, mut plain_from, mut in_text, mut at) = (String::with_capacity(text.len()), 0, false, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => in_text = !in_text,
            b'\\' if in_text => at += 1,
            b'-' if !in_text && starts_value(bytes, at) && is_integer_zero(&bytes[at + 1..]) => {
                kept.push_str(&text[plain_from..at]);
                plain_from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    kept.push_str(&text[plain_from..]);
    Cow::Owned(kept)
}

/// Whether a value may start here, so that a minus is a sign and not part of an exponent or a mistake.
fn starts_value(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).is_none_or(|before| b" \t\n\r[,:".contains(&bytes[before]))
}

fn is_integer_zero(rest: &[u8]) -> bool {
    rest.first() == Some(&b'0')
        && !rest.get(1).is_some_and(|next| next.is_ascii_digit() || matches!(next, b'.' | b'e' | b'E'))
}

/// Canonical JSON of a value: keys sorted by code point, recursively.
pub fn to_vec(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write_value(&mut out, value, true);
    out
}

/// Compact JSON of a value with keys in their own order and numbers as in canonical JSON.
pub fn to_compact(value: &Value) -> String {
    let mut out = Vec::with_capacity(64);
    write_value(&mut out, value, false);
    String::from_utf8(out).expect("JSON of text is UTF-8")
}

/// Appends the JSON of a value, with sorted keys if asked.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value, sorted: bool) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => write_float(out, float),
            None => out.extend_from_slice(number.to_string().as_bytes()),
        },
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(out, item, sorted);
            }
            out.push(b']');
        }
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            if sorted {
                // Byte order of UTF-8 is code point order.
                entries.sort_unstable_by_key(|(key, _)| *key);
            }
            out.push(b'{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_text(out, key);
                out.push(b':');
                write_value(out, item, sorted);
            }
            out.push(b'}');
        }
    }
}

/// Appends a text in quotes. Only quotes, backslashes and control characters are escaped.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            0x00..=0x1f => b'u',
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[plain_from..at]);
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            out.extend_from_slice(format!("{byte:04x}").as_bytes());
        }
        plain_from = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[plain_from..]);
    out.push(b'"');
}

/// Appends a float as orjson does: `1.0`, `0.00001`, `1e-6`, `1e+16`; `null` where it is not finite.
pub fn write_float(out: &mut Vec<u8>, float: f64) {
    if !float.is_finite() {
        out.extend_from_slice(b"null");
        return;
    }
    crate::float::Digits::of(float).write(out, crate::float::Style::Json);
}

/// Appends an integer.
pub fn write_integer(out: &mut Vec<u8>, integer: i128) {
    use std::io::Write as _;
    write!(out, "{integer}").expect("writing to memory cannot fail");
}
