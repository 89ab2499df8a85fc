//! Loading only what is new: the cursor of a resource, and its range as the resource sees it.

use cartage_source_api::{CursorRange, LastValue};
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::BoxError;
use crate::keys::KeyColumns;

/// A cursor: only rows beyond that of earlier runs are loaded. What `dlt.sources.incremental` is.
#[derive(Clone, Debug)]
#[must_use = "a cursor does nothing until a resource has it"]
pub struct Incremental {
    keys: Map<String, Value>,
}

/// A cursor over the field `cursor_path` (or a JSON path to it).
pub fn incremental(cursor_path: &str) -> Incremental {
    Incremental { keys: Map::new() }.set("cursor_path", cursor_path)
}

impl From<&str> for Incremental {
    fn from(cursor_path: &str) -> Self {
        incremental(cursor_path)
    }
}

/// In which order rows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// The cursor grows.
    Ascending,
    /// The cursor falls.
    Descending,
}

/// Which rows at an end of the range belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeEnd {
    /// Those that equal it do not.
    Open,
    /// Those that equal it do.
    Closed,
}

/// What happens to rows without a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingCursor {
    /// They end the extract.
    Raise,
    /// Such rows are loaded.
    Include,
    /// They are left out.
    Exclude,
}

impl Incremental {
    /// Where the first run starts.
    pub fn initial_value(self, value: impl Into<Value>) -> Self {
        self.set("initial_value", value)
    }

    /// Where the run ends. Such a run is a backfill: it needs an initial value, and remembers nothing.
    pub fn end_value(self, value: impl Into<Value>) -> Self {
        self.set("end_value", value)
    }

    /// How far before the last value the next run starts: seconds, days, or units of the cursor.
    pub fn lag(self, lag: f64) -> Self {
        self.set("lag", lag)
    }

    /// In which order rows come: the run ends with the first page beyond its range.
    pub fn row_order(self, order: RowOrder) -> Self {
        self.set("row_order", if order == RowOrder::Ascending { "asc" } else { "desc" })
    }

    /// The smallest value counts as the last one, instead of the largest.
    pub fn min(self) -> Self {
        self.set("last_value_func", "min")
    }

    /// Columns that tell rows at the boundary apart; those of the resource without.
    pub fn primary_key(self, columns: impl Into<KeyColumns>) -> Self {
        self.set("primary_key", columns.into().into_value())
    }

    /// Loads rows at the boundary again instead of remembering them.
    pub fn without_deduplication(self) -> Self {
        self.set("primary_key", Value::Array(Vec::new()))
    }

    /// Whether rows that equal the start are loaded; they are without.
    pub fn range_start(self, end: RangeEnd) -> Self {
        self.set("range_start", word(end))
    }

    /// Whether rows that equal the end value are loaded; they are not without.
    pub fn range_end(self, end: RangeEnd) -> Self {
        self.set("range_end", word(end))
    }

    /// What happens to rows without a cursor.
    pub fn on_cursor_value_missing(self, what: MissingCursor) -> Self {
        let word = match what {
            MissingCursor::Raise => "raise",
            MissingCursor::Include => "include",
            MissingCursor::Exclude => "exclude",
        };
        self.set("on_cursor_value_missing", word)
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.keys)
    }

    fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.keys.insert(key.to_owned(), value.into());
        self
    }
}

fn word(end: RangeEnd) -> &'static str {
    if end == RangeEnd::Open { "open" } else { "closed" }
}

/// The range of the cursor in this run, for a resource that asks only for what is new.
///
/// Each value is `None` where there is none: without a cursor, in the first run without an initial value, and for
/// the end of a run that is not a backfill.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    range: CursorRange,
    last: LastValue,
}

impl Cursor {
    pub(crate) fn new(range: Option<&CursorRange>, last: &LastValue) -> Self {
        Self { range: range.cloned().unwrap_or_default(), last: last.clone() }
    }

    /// Where the first run of all starts.
    ///
    /// # Errors
    /// If the value has another type.
    pub fn initial_value<T: DeserializeOwned>(&self) -> Result<Option<T>, BoxError> {
        read("initial", &self.range.initial)
    }

    /// Where this run starts: what the last run came to, less the lag.
    ///
    /// # Errors
    /// If the value has another type.
    pub fn start_value<T: DeserializeOwned>(&self) -> Result<Option<T>, BoxError> {
        read("start", &self.range.start)
    }

    /// Where this run ends.
    ///
    /// # Errors
    /// If the value has another type.
    pub fn end_value<T: DeserializeOwned>(&self) -> Result<Option<T>, BoxError> {
        read("end", &self.range.end)
    }

    /// The last value of the rows so far: it moves after each page.
    ///
    /// # Errors
    /// If the value has another type.
    pub fn last_value<T: DeserializeOwned>(&self) -> Result<Option<T>, BoxError> {
        read("last", &self.last.get())
    }
}

fn read<T: DeserializeOwned>(which: &str, value: &Value) -> Result<Option<T>, BoxError> {
    Option::<T>::deserialize(value).map_err(|error| {
        format!("the {which} value of the cursor is {value}, which is of another type: {error}").into()
    })
}
