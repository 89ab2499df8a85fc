//! JSON as dlt writes it: compact, with floats in the form of its JSON library, and sorted keys for hashing.
//!
//! The crate of schemas has the same rules. They are repeated here because neither crate may depend on the
//! other, and both are pinned to dlt's bytes by tests.

use std::io;

use serde::Serialize as _;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

/// JSON with keys sorted by code point.
pub(crate) fn sorted(document: &Map<String, Value>) -> Vec<u8> {
    write(&sort(document))
}

/// JSON with keys in their own order.
pub(crate) fn compact(document: &Map<String, Value>) -> Vec<u8> {
    write(&Value::Object(document.clone()))
}

fn write(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    value
        .serialize(&mut Serializer::with_formatter(&mut out, DltFloats))
        .expect("writing to memory cannot fail");
    out
}

fn sort(map: &Map<String, Value>) -> Value {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sort_value(value))).collect())
}

fn sort_value(value: &Value) -> Value {
    match value {
        Value::Object(map) => sort(map),
        Value::Array(items) => Value::Array(items.iter().map(sort_value).collect()),
        other => other.clone(),
    }
}

/// Compact JSON in which floats look as in dlt: `1.0`, `0.00001`, `1e-6`, `1e+16`.
struct DltFloats;

impl Formatter for DltFloats {
    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, float: f64) -> io::Result<()> {
        // The same shortest digits as everywhere, but a sign in front of large exponents, and exponents from
        // other sizes on.
        let text = serde_json::to_string(&float)?;
        let size = float.abs();
        match text.split_once('e') {
            Some((mantissa, exponent)) if !(1e-5..1e16).contains(&size) => {
                let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
                write!(out, "{mantissa}e{sign}{exponent}")
            }
            // `Display` never writes an exponent, nor a fraction where there is none.
            Some(_) => write!(out, "{float}{}", if float.fract() == 0.0 { ".0" } else { "" }),
            None => out.write_all(text.as_bytes()),
        }
    }
}
