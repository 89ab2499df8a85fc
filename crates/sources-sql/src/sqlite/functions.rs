//! Functions of our own that statements use.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};

use super::times::{parse_moment, parse_time};

/// Every value as a text that holds all of it.
pub(super) const AS_TEXT: &str = "cartage_text";

/// Dates and times as numbers that rise with them.
pub(super) const ORDER: &str = "cartage_order";

/// Texts as their bytes in UTF-8, also in databases of UTF-16.
pub(super) const BYTES: &str = "cartage_bytes";

/// What makes a value of another one.
type Function = fn(ValueRef<'_>) -> Value;

/// Makes them known to a connection.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, function) in [(AS_TEXT, as_text as Function), (ORDER, order), (BYTES, bytes)] {
        connection.create_scalar_function(name, 1, flags, move |context: &mut Context<'_>| {
            Ok(function(context.get_raw(0)))
        })?;
    }
    Ok(())
}

/// Numbers as SQL writes them; what is not text has its bytes in digits.
fn as_text(value: ValueRef<'_>) -> Value {
    let digits = |bytes: &[u8]| {
        Value::Text(bytes.iter().fold("0x".to_owned(), |digits, byte| digits + &format!("{byte:02X}")))
    };
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Text(value.to_string()),
        ValueRef::Real(value) => Value::Text(format!("{value:?}")),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => digits(text),
        },
        ValueRef::Blob(bytes) => digits(bytes),
    }
}

fn order(value: ValueRef<'_>) -> Value {
    let ValueRef::Text(text) = value else { return bytes(value) };
    let micros = parse_moment(text).map(|moment| moment.micros).or_else(|| parse_time(text));
    micros.map_or_else(|| bytes(value), Value::Integer)
}

/// Texts as blobs, which sort by their bytes.
fn bytes(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
