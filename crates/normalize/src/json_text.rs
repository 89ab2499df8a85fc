//! JSON text of values that are kept whole, written straight from the tape.
//!
//! Keys keep their order. A key that repeats has its last value at its first position, as in Python. The
//! markers of typed values are taken off, because inside of a document only text remains of them.

use cartage_values::canonical::{write_float, write_integer, write_text};
use serde_json::{Map, Number, Value};
use simd_json::{Node, StaticNode};

use crate::long_numbers;

/// First and last marker of typed JSON.
const MARKERS: std::ops::RangeInclusive<char> = '\u{f026}'..='\u{f02e}';

/// Position after the value at `at`.
#[inline]
pub(crate) fn behind(tape: &[Node<'_>], at: usize) -> usize {
    match tape[at] {
        Node::Object { count, .. } | Node::Array { count, .. } => at + 1 + count,
        Node::String(_) | Node::Static(_) => at + 1,
    }
}

/// Writes the value at `at` as compact JSON. Recursion is bounded: the parser refuses deep documents.
pub(crate) fn write(out: &mut Vec<u8>, tape: &[Node<'_>], at: usize) {
    match tape[at] {
        Node::String(text) => match long_numbers::digits(text) {
            Some(digits) => out.extend_from_slice(digits.as_bytes()),
            None => write_text(out, without_marker(text)),
        },
        Node::Static(value) => write_static(out, value),
        Node::Array { len, .. } => {
            out.push(b'[');
            let mut item = at + 1;
            for index in 0..len {
                if index > 0 {
                    out.push(b',');
                }
                write(out, tape, item);
                item = behind(tape, item);
            }
            out.push(b']');
        }
        Node::Object { .. } => {
            out.push(b'{');
            for (index, (key, value)) in fields(tape, at).into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_text(out, key);
                out.push(b':');
                write(out, tape, value);
            }
            out.push(b'}');
        }
    }
}

/// The value at `at` as compact JSON.
pub(crate) fn to_text(tape: &[Node<'_>], at: usize) -> String {
    let mut out = Vec::with_capacity(64);
    write(&mut out, tape, at);
    String::from_utf8(out).expect("JSON of text is UTF-8")
}

/// The value at `at` as it is in the data, markers included: what dlt hashes.
pub(crate) fn to_value(tape: &[Node<'_>], at: usize) -> Value {
    match tape[at] {
        Node::String(text) => Value::from(text),
        Node::Static(StaticNode::Null) => Value::Null,
        Node::Static(StaticNode::Bool(value)) => Value::from(value),
        Node::Static(StaticNode::I64(value)) => Value::from(value),
        Node::Static(StaticNode::U64(value)) => Value::from(value),
        Node::Static(StaticNode::F64(value)) => Number::from_f64(value).map_or(Value::Null, Value::Number),
        Node::Array { len, .. } => {
            let mut items = Vec::with_capacity(len);
            let mut item = at + 1;
            for _ in 0..len {
                items.push(to_value(tape, item));
                item = behind(tape, item);
            }
            Value::Array(items)
        }
        Node::Object { .. } => {
            let fields =
                fields(tape, at).into_iter().map(|(key, value)| (key.to_owned(), to_value(tape, value)));
            Value::Object(fields.collect::<Map<String, Value>>())
        }
    }
}

/// Keys of an object with the positions of their values; each key once.
pub(crate) fn fields<'t>(tape: &[Node<'t>], at: usize) -> Vec<(&'t str, usize)> {
    let Node::Object { len, .. } = tape[at] else { return Vec::new() };
    let mut fields: Vec<(&str, usize)> = Vec::with_capacity(len);
    let mut key_at = at + 1;
    for _ in 0..len {
        let Node::String(key) = tape[key_at] else { break };
        fields.push((key, key_at + 1));
        key_at = behind(tape, key_at + 1);
    }
    if has_repeated_key(&fields) { last_of_each(fields) } else { fields }
}

fn has_repeated_key(fields: &[(&str, usize)]) -> bool {
    // Comparing all pairs is fastest for the small objects that documents are made of.
    if fields.len() <= 16 {
        return fields
            .iter()
            .enumerate()
            .any(|(index, (key, _))| fields[..index].iter().any(|(other, _)| other == key));
    }
    let mut keys: Vec<&str> = fields.iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}

fn last_of_each(fields: Vec<(&str, usize)>) -> Vec<(&str, usize)> {
    fields.into_iter().collect::<indexmap::IndexMap<&str, usize>>().into_iter().collect()
}

fn without_marker(text: &str) -> &str {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if MARKERS.contains(&first) && !chars.as_str().is_empty() => chars.as_str(),
        _ => text,
    }
}

fn write_static(out: &mut Vec<u8>, value: StaticNode) {
    match value {
        StaticNode::Null => out.extend_from_slice(b"null"),
        StaticNode::Bool(true) => out.extend_from_slice(b"true"),
        StaticNode::Bool(false) => out.extend_from_slice(b"false"),
        StaticNode::I64(value) => write_integer(out, i128::from(value)),
        StaticNode::U64(value) => write_integer(out, i128::from(value)),
        StaticNode::F64(value) => write_float(out, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(json: &str) -> String {
        let mut bytes = json.as_bytes().to_vec();
        let tape = simd_json::to_tape(&mut bytes).unwrap();
        to_text(&tape.0, 0)
    }

    #[test]
    fn documents_keep_the_order_of_keys_and_lose_white_space() {
        assert_eq!(
            rewritten(r#"{ "z": [1, 2.0, -0.0], "a": {"é": null, "b\n": true} }"#),
            r#"{"z":[1,2.0,-0.0],"a":{"é":null,"b\n":true}}"#
        );
    }

    #[test]
    fn a_repeated_key_has_its_last_value_at_its_first_position() {
        assert_eq!(rewritten(r#"{"a":1,"b":2,"a":{"c":3}}"#), r#"{"a":{"c":3},"b":2}"#);
    }

    #[test]
    fn markers_of_typed_values_are_taken_off() {
        assert_eq!(rewritten("[\"\u{f026}1.50\",\"\u{f026}\",\"x\"]"), "[\"1.50\",\"\u{f026}\",\"x\"]");
    }
}
