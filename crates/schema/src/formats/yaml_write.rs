//! Writes a document as YAML in block style, as dlt's files look.

use serde_json::Value;

use super::yaml_scalar::is_plain;

/// Longest key before a colon, in characters as written. Readers look for the colon 1,024 characters far; longer keys
/// follow a question mark, from here on as dlt's library writes them.
const MAX_SIMPLE_KEY: usize = 127;

/// The document. Readers of YAML 1.1 and 1.2 get the same values.
pub(super) fn to_yaml(document: &Value) -> String {
    let mut out = String::new();
    if is_block(document) {
        block(&mut out, document, 0);
    } else {
        out += &inline(document);
        out.push('\n');
    }
    out
}

/// Whether a value needs lines of its own.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    }
}

/// Writes a map or list that is not empty, each entry on lines of its own.
fn block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                pad(out, indent);
                entry(out, key, value, indent);
            }
        }
        Value::Array(list) => {
            for value in list {
                pad(out, indent);
                out.push_str("- ");
                element(out, value, indent);
            }
        }
        scalar => out.push_str(&inline(scalar)),
    }
}

/// `key: value`, after the indentation. Long keys have a line of their own.
fn entry(out: &mut String, key: &str, value: &Value, indent: usize) {
    let key = text(key);
    if key.chars().count() <= MAX_SIMPLE_KEY {
        out.push_str(&key);
    } else {
        out.push_str("? ");
        out.push_str(&key);
        out.push('\n');
        pad(out, indent);
    }
    out.push(':');
    if !is_block(value) {
        out.push(' ');
        out.push_str(&inline(value));
        out.push('\n');
        return;
    }
    out.push('\n');
    // Lists stand below their key, not further in.
    block(out, value, if value.is_array() { indent } else { indent + 2 });
}

/// What follows `- `: the first entry of a map is on the same line.
fn element(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (position, (key, value)) in map.iter().enumerate() {
                if position > 0 {
                    pad(out, indent + 2);
                }
                entry(out, key, value, indent + 2);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            block(out, value, indent + 2);
        }
        scalar => {
            out.push_str(&inline(scalar));
            out.push('\n');
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn inline(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(string) => text(string),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        Value::Number(number) if number.is_f64() => float(number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

/// A float that readers of YAML 1.1 take for one: with a point, and a sign in the exponent.
fn float(number: f64) -> String {
    let text = format!("{number:?}");
    match text.split_once('e') {
        None => text,
        Some((mantissa, exponent)) => {
            let point = if mantissa.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            format!("{mantissa}{point}e{sign}{exponent}")
        }
    }
}

fn text(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let quoted = serde_json::to_string(text).expect("a text is JSON");
    // YAML allows fewer characters in quotes than JSON.
    quoted
        .chars()
        .map(|c| match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => format!("\\u{:04x}", c as u32),
            c => c.to_string(),
        })
        .collect()
}
