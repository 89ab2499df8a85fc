//! One value of an array as JSON.

use std::collections::HashSet;
use std::io::Write as _;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Date64Type, TimeUnit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartage_schema::canonical::{write_float, write_text};

use super::encoded::resolve;
use super::moments;
use super::scalar::{
    ValueError, bytes, decimal, decimal_text, float, integer, length, out_of_range, text, time_nanos,
    timestamp_count,
};

/// Appends the value of a row as JSON, `null` for null; see [`arrays`](super) for the forms.
///
/// # Errors
/// [`ValueError`] where JSON cannot hold all of the value.
pub fn write_json(out: &mut Vec<u8>, array: &dyn Array, row: usize) -> Result<(), ValueError> {
    let Some((array, row)) = resolve(array, row) else {
        out.extend_from_slice(b"null");
        return Ok(());
    };
    match array.data_type() {
        DataType::Struct(fields) => {
            out.push(b'{');
            for (index, (field, column)) in fields.iter().zip(array.as_struct().columns()).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_text(out, field.name());
                out.push(b':');
                write_json(out, column.as_ref(), row)?;
            }
            out.push(b'}');
            Ok(())
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let offsets = list.value_offsets();
            write_items(out, list.values().as_ref(), offsets[row] as usize, offsets[row + 1] as usize)
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let offsets = list.value_offsets();
            write_items(out, list.values().as_ref(), offsets[row] as usize, offsets[row + 1] as usize)
        }
        DataType::ListView(_) => {
            let list = array.as_list_view::<i32>();
            let (from, size) = (list.value_offset(row) as usize, list.value_size(row) as usize);
            write_items(out, list.values().as_ref(), from, from + size)
        }
        DataType::LargeListView(_) => {
            let list = array.as_list_view::<i64>();
            let (from, size) = (list.value_offset(row) as usize, list.value_size(row) as usize);
            write_items(out, list.values().as_ref(), from, from + size)
        }
        DataType::FixedSizeList(..) => {
            let list = array.as_fixed_size_list();
            // A slice of the list holds a slice of its items.
            let size = list.value_length() as usize;
            let from = row * size;
            write_items(out, list.values().as_ref(), from, from + size)
        }
        DataType::Map(..) => write_map(out, array, row),
        _ => write_leaf(out, array, row),
    }
}

fn write_items(out: &mut Vec<u8>, items: &dyn Array, from: usize, to: usize) -> Result<(), ValueError> {
    out.push(b'[');
    for index in from..to {
        if index > from {
            out.push(b',');
        }
        write_json(out, items, index)?;
    }
    out.push(b']');
    Ok(())
}

/// A map is an object. Keys that are no texts are written as their JSON, without quotes around it.
fn write_map(out: &mut Vec<u8>, array: &dyn Array, row: usize) -> Result<(), ValueError> {
    let map = array.as_map();
    let offsets = map.value_offsets();
    let (from, to) = (offsets[row] as usize, offsets[row + 1] as usize);
    let mut names = HashSet::with_capacity(to - from);
    out.push(b'{');
    for index in from..to {
        if index > from {
            out.push(b',');
        }
        let name = name_of(map.keys().as_ref(), index)?;
        write_text(out, &name);
        out.push(b':');
        write_json(out, map.values().as_ref(), index)?;
        if let Some(key) = names.replace(name) {
            return Err(ValueError::RepeatedKey { key });
        }
    }
    out.push(b'}');
    Ok(())
}

fn name_of(keys: &dyn Array, index: usize) -> Result<String, ValueError> {
    if let Some((keys, index)) = resolve(keys, index)
        && let Some(text) = text(keys, index)
    {
        return Ok(text.to_owned());
    }
    let mut json = Vec::new();
    write_json(&mut json, keys, index)?;
    let json = String::from_utf8_lossy(&json);
    let bare = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Ok(bare.unwrap_or(&json).to_owned())
}

fn write_leaf(out: &mut Vec<u8>, array: &dyn Array, row: usize) -> Result<(), ValueError> {
    if let Some(integer) = integer(array, row) {
        write!(out, "{integer}").expect("writing to memory does not fail");
    } else if let Some(float) = float(array, row) {
        write_double(out, float);
    } else if let Some(text) = text(array, row) {
        write_text(out, text);
    } else if let Some(bytes) = bytes(array, row) {
        write_text(out, &STANDARD.encode(bytes));
    } else if let Some((unscaled, scale)) = decimal(array, row) {
        write_text(out, &decimal_text(&unscaled, scale));
    } else {
        match array.data_type() {
            DataType::Boolean => {
                out.extend_from_slice(if array.as_boolean().value(row) { b"true" } else { b"false" });
            }
            DataType::Date32 => {
                write_text(out, &moments::date(array.as_primitive::<Date32Type>().value(row)));
            }
            DataType::Date64 => {
                let millis = array.as_primitive::<Date64Type>().value(row);
                let moment = timestamp(millis, TimeUnit::Millisecond, false)?;
                write_text(out, moment.strip_suffix("T00:00:00").unwrap_or(&moment));
            }
            DataType::Time32(_) | DataType::Time64(_) => {
                write_text(out, &moments::time(time_nanos(array, row)?));
            }
            DataType::Timestamp(unit, zone) => {
                let count = timestamp_count(array, row, *unit);
                write_text(out, &timestamp(count, *unit, zone.is_some())?);
            }
            DataType::Duration(_) | DataType::Interval(_) => write_text(out, &length(array, row)),
            other => return Err(ValueError::Type { data_type: other.to_string() }),
        }
    }
    Ok(())
}

fn write_double(out: &mut Vec<u8>, float: f64) {
    if float.is_finite() {
        write_float(out, float);
    } else if float.is_nan() {
        write_text(out, "NaN");
    } else {
        write_text(out, if float > 0.0 { "Infinity" } else { "-Infinity" });
    }
}

fn timestamp(count: i64, unit: TimeUnit, aware: bool) -> Result<String, ValueError> {
    moments::timestamp(moments::nanos(count, unit), aware).ok_or_else(|| out_of_range(count, unit))
}
