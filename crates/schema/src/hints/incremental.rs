//! The arguments of `dlt.sources.incremental`.

use serde_json::{Map, Value};

use super::keys::KeyHint;
use crate::record::{record, record_serde};

/// How a resource loads only what is new. Extract gives it its meaning; the schema only marks the cursor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncrementalHint {
    /// Field of the cursor, or a JSON path to it.
    pub cursor_path: Option<String>,
    /// Where the first run starts.
    pub initial_value: Option<Value>,
    /// Where the run ends; such a run keeps no state.
    pub end_value: Option<Value>,
    /// `max` or `min`.
    pub last_value_func: Option<String>,
    /// Columns that tell rows at the boundary apart; an empty list switches deduplication off.
    pub primary_key: Option<KeyHint>,
    /// `asc` or `desc`, if the rows come in the order of the cursor.
    pub row_order: Option<String>,
    /// How far before the last value the next run starts: seconds, days, or units of the cursor.
    pub lag: Option<f64>,
    /// `open` or `closed`.
    pub range_start: Option<String>,
    /// `open` or `closed`.
    pub range_end: Option<String>,
    /// `raise`, `include` or `exclude`.
    pub on_cursor_value_missing: Option<String>,
    /// Known keys that are explicitly `null`, and `x-` keys.
    pub other: Map<String, Value>,
}

record!(IncrementalHint {
    "cursor_path" => cursor_path,
    "initial_value" => initial_value,
    "end_value" => end_value,
    "last_value_func" => last_value_func,
    "primary_key" => primary_key,
    "row_order" => row_order,
    "lag" => lag,
    "range_start" => range_start,
    "range_end" => range_end,
    "on_cursor_value_missing" => on_cursor_value_missing,
});
record_serde!(IncrementalHint);

impl IncrementalHint {
    /// The column of the cursor, if its path is the name of one field and not a way into nested data.
    pub fn cursor_column(&self) -> Option<&str> {
        let path = self.cursor_path.as_deref()?.trim();
        let path = path.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(path);
        for quote in ['\'', '"'] {
            if let Some(name) = path.strip_prefix(quote).and_then(|inner| inner.strip_suffix(quote)) {
                return (!name.contains(quote)).then_some(name);
            }
        }
        let is_start = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '@');
        let is_name =
            path.starts_with(is_start) && path.chars().all(|c| is_start(c) || c.is_ascii_digit() || c == '-');
        is_name.then_some(path)
    }
}
