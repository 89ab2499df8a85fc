//! Values of Arrow columns as JSON.

use arrow::array::types::{
    ArrowPrimitiveType, Decimal128Type, Float64Type, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow::array::{Array, ArrayRef, AsArray, downcast_dictionary_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cartage_values::{Decimal, timestamp_to_text};
use serde_json::{Map, Number, Value};

/// How points in time are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstantForm {
    /// As ISO text.
    Text,
    /// As microseconds since 1970.
    Micros,
}

/// One value of a column, without a mark of its type: points in time in the given form, decimals, dates and the like
/// as text, as dlt hashes them.
///
/// # Errors
/// If Arrow cannot convert the value.
pub fn columnar_value_in(array: &dyn Array, row: usize, form: InstantForm) -> Result<Value, ArrowError> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    let one = array.slice(row, 1);
    Ok(match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => Value::Bool(one.as_boolean().value(0)),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Value::String(cast(&one, &DataType::LargeUtf8)?.as_string::<i64>().value(0).to_owned())
        }
        integer if integer.is_integer() => integer_value(&one)?,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let float = first::<Float64Type>(&one, &DataType::Float64)?;
            Number::from_f64(float).map_or(Value::Null, Value::Number)
        }
        DataType::Timestamp(unit, zone) => timestamp(&one, *unit, zone.is_some(), form)?,
        DataType::Decimal128(_, scale) if *scale >= 0 => {
            let unscaled = first::<Decimal128Type>(&one, array.data_type())?;
            Value::String(Decimal::from_unscaled(unscaled, scale.unsigned_abs()).to_string())
        }
        DataType::List(_) => list(&one.as_list::<i32>().value(0), form)?,
        DataType::LargeList(_) => list(&one.as_list::<i64>().value(0), form)?,
        DataType::FixedSizeList(..) => list(&one.as_fixed_size_list().value(0), form)?,
        DataType::Struct(fields) => {
            let columns = one.as_struct().columns();
            let entries = fields.iter().zip(columns).map(|(field, column)| {
                Ok((field.name().clone(), columnar_value_in(column.as_ref(), 0, form)?))
            });
            Value::Object(entries.collect::<Result<Map<_, _>, ArrowError>>()?)
        }
        DataType::Dictionary(..) => dictionary(&one, form)?,
        _ => text(&one)?,
    })
}

/// One value of a column, as people read it: points in time are ISO text.
///
/// # Errors
/// If Arrow cannot convert the value.
pub fn columnar_value(array: &dyn Array, row: usize) -> Result<Value, ArrowError> {
    columnar_value_in(array, row, InstantForm::Text)
}

fn first<T: ArrowPrimitiveType>(array: &ArrayRef, wanted: &DataType) -> Result<T::Native, ArrowError> {
    Ok(cast(array, wanted)?.as_primitive::<T>().value(0))
}

fn integer_value(one: &ArrayRef) -> Result<Value, ArrowError> {
    use arrow::array::types::{Int64Type, UInt64Type};
    Ok(match one.data_type() {
        DataType::UInt64 => first::<UInt64Type>(one, &DataType::UInt64)?.into(),
        _ => first::<Int64Type>(one, &DataType::Int64)?.into(),
    })
}

fn timestamp(one: &ArrayRef, unit: TimeUnit, aware: bool, form: InstantForm) -> Result<Value, ArrowError> {
    let plain = |unit| DataType::Timestamp(unit, None);
    let bare = cast(one, &plain(unit))?;
    if unit == TimeUnit::Nanosecond {
        let nanos = first::<TimestampNanosecondType>(&bare, &plain(unit))?;
        if nanos % 1_000 != 0 {
            // dlt cannot hold such a value; what matters is that two of them have two hashes.
            return Ok(Value::String(format!("{nanos} ns")));
        }
    }
    let micros = first::<TimestampMicrosecondType>(&bare, &plain(TimeUnit::Microsecond))?;
    Ok(match form {
        InstantForm::Micros => micros.into(),
        InstantForm::Text => timestamp_to_text(micros, aware).replace("+00:00", "Z").into(),
    })
}

fn list(items: &ArrayRef, form: InstantForm) -> Result<Value, ArrowError> {
    (0..items.len()).map(|row| columnar_value_in(items.as_ref(), row, form)).collect()
}

fn dictionary(one: &ArrayRef, form: InstantForm) -> Result<Value, ArrowError> {
    let values = downcast_dictionary_array!(
        one => cast(one, &one.values().data_type().clone())?,
        other => return Err(ArrowError::InvalidArgumentError(format!("{other} is not a dictionary")))
    );
    columnar_value_in(values.as_ref(), 0, form)
}

/// Dates, times, bytes and all else, as Arrow writes them.
fn text(one: &ArrayRef) -> Result<Value, ArrowError> {
    use base64::Engine as _;
    if matches!(one.data_type(), DataType::Binary | DataType::LargeBinary | DataType::BinaryView) {
        let bytes = cast(one, &DataType::LargeBinary)?;
        let encoded = base64::engine::general_purpose::STANDARD.encode(bytes.as_binary::<i64>().value(0));
        return Ok(Value::String(encoded));
    }
    let options = FormatOptions::default();
    Ok(Value::String(ArrayFormatter::try_new(one.as_ref(), &options)?.value(0).try_to_string()?))
}
