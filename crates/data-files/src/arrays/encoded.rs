//! Arrays that hold their values behind keys or in runs.

use arrow::array::{Array, ArrayRef, AsArray, RunArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{
    DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;

/// The array and the position at which the value of a row really is; `None` where it is null.
pub(super) fn resolve(array: &dyn Array, row: usize) -> Option<(&dyn Array, usize)> {
    let (mut array, mut row) = (array, row);
    loop {
        match array.data_type() {
            DataType::Null => return None,
            DataType::Dictionary(..) => {
                if array.is_null(row) {
                    return None;
                }
                let dictionary = array.as_any_dictionary();
                row = key(dictionary.keys(), row)?;
                array = dictionary.values().as_ref();
            }
            DataType::RunEndEncoded(..) => (array, row) = in_run(array, row)?,
            _ => return array.is_valid(row).then_some((array, row)),
        }
    }
}

/// The same values as an array of their own type, without keys and runs.
///
/// # Errors
/// Fails if the values take more than their type can address.
pub fn expanded(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let mut plain = ArrayRef::clone(array);
    loop {
        let (indices, values): (UInt64Array, ArrayRef) = match plain.data_type() {
            DataType::Dictionary(..) => {
                let dictionary = plain.as_any_dictionary();
                let keys = dictionary.keys();
                let index = |row| if keys.is_null(row) { None } else { key(keys, row) };
                let indices = (0..plain.len()).map(|row| index(row).map(|index| index as u64));
                (indices.collect(), ArrayRef::clone(dictionary.values()))
            }
            DataType::RunEndEncoded(..) => {
                let indices = (0..plain.len()).map(|row| in_run(&plain, row).map(|(_, at)| at as u64));
                (indices.collect(), values_of_runs(&plain)?)
            }
            _ => return Ok(plain),
        };
        plain = take(&values, &indices, None)?;
    }
}

fn key(keys: &dyn Array, row: usize) -> Option<usize> {
    match keys.data_type() {
        DataType::Int8 => usize::try_from(keys.as_primitive::<Int8Type>().value(row)).ok(),
        DataType::Int16 => usize::try_from(keys.as_primitive::<Int16Type>().value(row)).ok(),
        DataType::Int32 => usize::try_from(keys.as_primitive::<Int32Type>().value(row)).ok(),
        DataType::Int64 => usize::try_from(keys.as_primitive::<Int64Type>().value(row)).ok(),
        DataType::UInt8 => Some(usize::from(keys.as_primitive::<UInt8Type>().value(row))),
        DataType::UInt16 => Some(usize::from(keys.as_primitive::<UInt16Type>().value(row))),
        DataType::UInt32 => usize::try_from(keys.as_primitive::<UInt32Type>().value(row)).ok(),
        DataType::UInt64 => usize::try_from(keys.as_primitive::<UInt64Type>().value(row)).ok(),
        _ => None,
    }
}

/// The values of the runs, and the position of the one that the row belongs to.
fn in_run(array: &dyn Array, row: usize) -> Option<(&dyn Array, usize)> {
    if let Some(runs) = array.as_run_opt::<Int16Type>() {
        return Some((runs.values().as_ref(), runs.get_physical_index(row)));
    }
    if let Some(runs) = array.as_run_opt::<Int32Type>() {
        return Some((runs.values().as_ref(), runs.get_physical_index(row)));
    }
    let runs = array.as_run_opt::<Int64Type>()?;
    Some((runs.values().as_ref(), runs.get_physical_index(row)))
}

fn values_of_runs(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let values = array
        .as_run_opt::<Int16Type>()
        .map(RunArray::values)
        .or_else(|| array.as_run_opt::<Int32Type>().map(RunArray::values))
        .or_else(|| array.as_run_opt::<Int64Type>().map(RunArray::values));
    let unknown = || ArrowError::InvalidArgumentError(format!("{} has no runs", array.data_type()));
    values.map(ArrayRef::clone).ok_or_else(unknown)
}
