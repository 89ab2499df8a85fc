//! One value of an array as JSON.

use std::collections::HashSet;
use std::io::Write as _;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Date64Type, TimeUnit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartage_values::canonical::{write_float, write_text};

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
    write(out, array, row, Odd::Refused)
}

/// As [`write_json`] for rows that are kept apart: times that no date can express are texts such as `-5 ms`, and an
/// object may have a key twice.
///
/// # Errors
/// [`ValueError::Type`] only.
pub fn describe_json(out: &mut Vec<u8>, array: &dyn Array, row: usize) -> Result<(), ValueError> {
    write(out, array, row, Odd::Described)
}

/// What becomes of values for which JSON has no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    Refused,
    Described,
}

fn write(out: &mut Vec<u8>, array: &dyn Array, row: usize, odd: Odd) -> Result<(), ValueError> {
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
                write(out, column.as_ref(), row, odd)?;
            }
            out.push(b'}');
            Ok(())
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let offsets = list.value_offsets();
            write_items(out, list.values().as_ref(), offsets[row] as usize, offsets[row + 1] as usize, odd)
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let offsets = list.value_offsets();
            write_items(out, list.values().as_ref(), offsets[row] as usize, offsets[row + 1] as usize, odd)
        }
        DataType::ListView(_) => {
            let list = array.as_list_view::<i32>();
            let (from, size) = (list.value_offset(row) as usize, list.value_size(row) as usize);
            write_items(out, list.values().as_ref(), from, from + size, odd)
        }
        DataType::LargeListView(_) => {
            let list = array.as_list_view::<i64>();
            let (from, size) = (list.value_offset(row) as usize, list.value_size(row) as usize);
            write_items(out, list.values().as_ref(), from, from + size, odd)
        }
        DataType::FixedSizeList(..) => {
            let list = array.as_fixed_size_list();
            // A slice of the list holds a slice of its items.
            let size = list.value_length() as usize;
            let from = row * size;
            write_items(out, list.values().as_ref(), from, from + size, odd)
        }
        DataType::Map(..) => write_map(out, array, row, odd),
        _ => write_leaf(out, array, row, odd),
    }
}

fn write_items(
    out: &mut Vec<u8>,
    items: &dyn Array,
    from: usize,
    to: usize,
    odd: Odd,
) -> Result<(), ValueError> {
    out.push(b'[');
    for index in from..to {
        if index > from {
            out.push(b',');
        }
        write(out, items, index, odd)?;
    }
    out.push(b']');
    Ok(())
}

/// A map is an object. Keys that are not texts are written as their JSON, without quotes around it.
fn write_map(out: &mut Vec<u8>, array: &dyn Array, row: usize, odd: Odd) -> Result<(), ValueError> {
    let map = array.as_map();
    let offsets = map.value_offsets();
    let (from, to) = (offsets[row] as usize, offsets[row + 1] as usize);
    let mut names = HashSet::with_capacity(to - from);
    out.push(b'{');
    for index in from..to {
        if index > from {
            out.push(b',');
        }
        let name = name_of(map.keys().as_ref(), index, odd)?;
        write_text(out, &name);
        out.push(b':');
        write(out, map.values().as_ref(), index, odd)?;
        if let Some(key) = names.replace(name)
            && odd == Odd::Refused
        {
            return Err(ValueError::RepeatedKey { key });
        }
    }
    out.push(b'}');
    Ok(())
}

fn name_of(keys: &dyn Array, index: usize, odd: Odd) -> Result<String, ValueError> {
    if let Some((keys, index)) = resolve(keys, index)
        && let Some(text) = text(keys, index)
    {
        return Ok(text.to_owned());
    }
    let mut json = Vec::new();
    write(&mut json, keys, index, odd)?;
    let json = String::from_utf8_lossy(&json);
    let bare = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Ok(bare.unwrap_or(&json).to_owned())
}

fn write_leaf(out: &mut Vec<u8>, array: &dyn Array, row: usize, odd: Odd) -> Result<(), ValueError> {
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
    } else if *array.data_type() == DataType::Boolean {
        out.extend_from_slice(if array.as_boolean().value(row) { b"true" } else { b"false" });
    } else {
        match moment(array, row) {
            Err(ValueError::OutOfRange { value }) if odd == Odd::Described => write_text(out, &value),
            text => write_text(out, &text?),
        }
    }
    Ok(())
}

/// A date, a time, a point in time or a length of time as text.
fn moment(array: &dyn Array, row: usize) -> Result<String, ValueError> {
    Ok(match array.data_type() {
        DataType::Date32 => moments::date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Date64 => {
            let millis = array.as_primitive::<Date64Type>().value(row);
            let moment = timestamp(millis, TimeUnit::Millisecond, false)?;
            moment.strip_suffix("T00:00:00").map(str::to_owned).unwrap_or(moment)
        }
        DataType::Time32(_) | DataType::Time64(_) => moments::time(time_nanos(array, row)?),
        DataType::Timestamp(unit, zone) => {
            timestamp(timestamp_count(array, row, *unit), *unit, zone.is_some())?
        }
        DataType::Duration(_) | DataType::Interval(_) => length(array, row),
        other => return Err(ValueError::Type { data_type: other.to_string() }),
    })
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int32Array, StructArray, TimestampSecondArray};
    use arrow::datatypes::Field;

    use super::*;

    #[test]
    fn a_moment_beyond_all_dates_is_refused_or_described_and_never_left_out() {
        let far: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX - 1]));
        let row = StructArray::from(vec![
            (
                Arc::new(Field::new("id", DataType::Int32, true)),
                Arc::new(Int32Array::from(vec![7])) as ArrayRef,
            ),
            (Arc::new(Field::new("at", far.data_type().clone(), true)), far),
        ]);
        let refused = write_json(&mut Vec::new(), &row, 0);
        assert!(matches!(refused, Err(ValueError::OutOfRange { .. })), "{refused:?}");
        let mut out = Vec::new();
        describe_json(&mut out, &row, 0).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"id":7,"at":"9223372036854775806 s"}"#);
    }
}
