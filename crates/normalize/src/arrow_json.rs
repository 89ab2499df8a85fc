//! Values of columnar files as JSON text: lists, structs and maps become json columns.

use arrow::array::Array;
use cartage_data_files::arrays::{ValueError, write_json};

/// One value as JSON.
pub(crate) fn json_of(array: &dyn Array, row: usize) -> Result<String, ValueError> {
    let mut out = Vec::new();
    write_json(&mut out, array, row)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}
