//! Values of columnar files as JSON text, for messages and for what is kept apart.

use arrow::array::Array;
use cartage_data_files::arrays::describe_json;

/// One value as JSON for people and for the quarantine: whatever it is, all of it is shown.
pub(crate) fn description_of(array: &dyn Array, row: usize) -> String {
    let mut out = Vec::new();
    match describe_json(&mut out, array, row) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(error) => serde_json::Value::from(error.to_string()).to_string(),
    }
}
