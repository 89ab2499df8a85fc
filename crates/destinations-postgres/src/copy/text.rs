//! Cells of COPY in its text form, for columns whose type has no binary form here: the server parses.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use cartage_values::{date_to_text, time_to_text, timestamp_to_text};

/// Appends the cell of one row; `false` if the array has a type that has no text.
pub(super) fn put(out: &mut String, array: &ArrayRef, row: usize) -> bool {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        out.push_str("\\N");
        return true;
    }
    // Writing to a string does not fail.
    match array.data_type() {
        DataType::Boolean => out.push_str(if array.as_boolean().value(row) { "t" } else { "f" }),
        DataType::Int64 => drop(write!(out, "{}", array.as_primitive::<Int64Type>().value(row))),
        DataType::Float64 => put_double(out, array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) => {
            out.push_str(&array.as_primitive::<Decimal128Type>().value_as_string(row));
        }
        DataType::Utf8 => put_text(out, array.as_string::<i32>().value(row)),
        DataType::Binary => {
            out.push_str("\\\\x");
            for byte in array.as_binary::<i32>().value(row) {
                let _ = write!(out, "{byte:02x}");
            }
        }
        DataType::Date32 => out.push_str(&date_to_text(array.as_primitive::<Date32Type>().value(row))),
        DataType::Time64(_) => {
            out.push_str(&time_to_text(array.as_primitive::<Time64MicrosecondType>().value(row)));
        }
        DataType::Timestamp(_, zone) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            out.push_str(&timestamp_to_text(micros, zone.is_some()));
        }
        _ => return false,
    }
    true
}

fn put_double(out: &mut String, value: f64) {
    if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        let _ = write!(out, "{value:?}");
    }
}

fn put_text(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            other => out.push(other),
        }
    }
}
