//! Nested values of columnar files as JSON text: lists, structs and maps become json columns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cartage_schema::canonical::{write_float, write_text};

/// One JSON text a row; null where the value is null.
pub(crate) fn to_json(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let mut texts = StringBuilder::new();
    let mut out = Vec::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.append_null();
            continue;
        }
        out.clear();
        write(&mut out, array.as_ref(), row)?;
        texts.append_value(String::from_utf8_lossy(&out));
    }
    Ok(Arc::new(texts.finish()))
}

/// One value as JSON.
pub(crate) fn json_of(array: &dyn Array, row: usize) -> Result<String, ArrowError> {
    let mut out = Vec::new();
    write(&mut out, array, row)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn write(out: &mut Vec<u8>, array: &dyn Array, row: usize) -> Result<(), ArrowError> {
    if array.is_null(row) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    match array.data_type() {
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            let entries =
                fields.iter().zip(columns).map(|(field, column)| (field.name().clone(), column, row));
            write_object(out, entries)
        }
        DataType::List(_) => write_list(out, &array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => write_list(out, &array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => write_list(out, &array.as_fixed_size_list().value(row)),
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            let names = ArrayFormatter::try_new(keys.as_ref(), &FormatOptions::default())?;
            write_object(out, (0..entries.len()).map(|index| (names.value(index).to_string(), values, index)))
        }
        DataType::Dictionary(_, values) => {
            let plain = cast(&array.slice(row, 1), values)?;
            write(out, plain.as_ref(), 0)
        }
        data_type if data_type.is_integer() => {
            let number = cast(&array.slice(row, 1), &DataType::Int64)?;
            out.extend_from_slice(number.as_primitive::<Int64Type>().value(0).to_string().as_bytes());
            Ok(())
        }
        data_type if data_type.is_floating() => {
            let number = cast(&array.slice(row, 1), &DataType::Float64)?;
            write_float(out, number.as_primitive::<Float64Type>().value(0));
            Ok(())
        }
        DataType::Boolean => {
            out.extend_from_slice(array.as_boolean().value(row).to_string().as_bytes());
            Ok(())
        }
        _ => {
            let text = ArrayFormatter::try_new(array, &FormatOptions::default())?;
            write_text(out, &text.value(row).to_string());
            Ok(())
        }
    }
}

fn write_list(out: &mut Vec<u8>, items: &ArrayRef) -> Result<(), ArrowError> {
    out.push(b'[');
    for index in 0..items.len() {
        if index > 0 {
            out.push(b',');
        }
        write(out, items.as_ref(), index)?;
    }
    out.push(b']');
    Ok(())
}

fn write_object<'a>(
    out: &mut Vec<u8>,
    entries: impl Iterator<Item = (String, &'a ArrayRef, usize)>,
) -> Result<(), ArrowError> {
    out.push(b'{');
    for (index, (name, values, row)) in entries.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(out, &name);
        out.push(b':');
        write(out, values.as_ref(), row)?;
    }
    out.push(b'}');
    Ok(())
}
