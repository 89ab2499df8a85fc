//! What a resource says about its cursor, checked.

use cartage_row_readers::JsonPath;
use cartage_schema::hints::{IncrementalHint, KeyForm, KeyHint, ResourceHints};
use cartage_schema::{Schema, Table};
use cartage_source_api::Resume;
use serde_json::Value;

use crate::direction::{Extreme, RangeEnd};
use crate::meaning::Meaning;
use crate::value::CursorValue;

/// How a resource loads only what is new.
#[derive(Clone, Debug)]
pub struct CursorSettings {
    /// As the user wrote it: the state has it as key.
    pub(crate) name: String,
    pub(crate) path: JsonPath,
    pub(crate) initial: Value,
    pub(crate) end: Value,
    pub(crate) extreme: Extreme,
    pub(crate) key: RowKey,
    pub(crate) order: Option<RowOrder>,
    pub(crate) lag: f64,
    pub(crate) range_start: RangeEnd,
    pub(crate) range_end: RangeEnd,
    pub(crate) on_missing: OnMissing,
}

/// What tells rows with the same cursor apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowKey {
    WholeRow,
    /// One column, whose value is hashed as it is.
    Column(String),
    /// Columns, whose values are hashed as a list.
    Columns(Vec<String>),
    /// Nothing: such rows come again.
    None,
}

/// In which order the rows come, seen in the direction of the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowOrder {
    Ascending,
    Descending,
}

/// What happens to rows without a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnMissing {
    Raise,
    Include,
    Exclude,
}

impl CursorSettings {
    /// Reads the hints of a resource; `None` where it has no cursor.
    ///
    /// # Errors
    /// Which setting cannot work, and what to do.
    pub fn from_hints(hints: &ResourceHints) -> Result<Option<Self>, String> {
        let Some(incremental) = &hints.incremental else { return Ok(None) };
        let settings = Self::read(incremental, hints.primary_key.as_ref())
            .map_err(|reason| format!("`incremental`: {reason}"))?;
        Ok(Some(settings))
    }

    fn read(incremental: &IncrementalHint, resource_key: Option<&KeyHint>) -> Result<Self, String> {
        let name = incremental.cursor_path.clone().filter(|path| !path.trim().is_empty());
        let name = name.ok_or("`cursor_path` is missing; it names the field that grows with time")?;
        let path = match incremental.cursor_column() {
            Some(column) => JsonPath::name(column),
            None => name.parse().map_err(|reason| format!("`cursor_path`: {reason}"))?,
        };
        let settings = Self {
            name,
            path,
            initial: incremental.initial_value.clone().unwrap_or_default(),
            end: incremental.end_value.clone().unwrap_or_default(),
            extreme: word(
                "last_value_func",
                incremental.last_value_func.as_deref(),
                &[("max", Extreme::Max), ("min", Extreme::Min)],
            )?,
            key: row_key(incremental.primary_key.as_ref(), resource_key),
            order: word(
                "row_order",
                incremental.row_order.as_deref(),
                &[("", None), ("asc", Some(RowOrder::Ascending)), ("desc", Some(RowOrder::Descending))],
            )?,
            lag: incremental.lag.unwrap_or_default(),
            range_start: word(
                "range_start",
                incremental.range_start.as_deref(),
                &[("closed", RangeEnd::Closed), ("open", RangeEnd::Open)],
            )?,
            range_end: word(
                "range_end",
                incremental.range_end.as_deref(),
                &[("open", RangeEnd::Open), ("closed", RangeEnd::Closed)],
            )?,
            on_missing: word(
                "on_cursor_value_missing",
                incremental.on_cursor_value_missing.as_deref(),
                &[
                    ("raise", OnMissing::Raise),
                    ("include", OnMissing::Include),
                    ("exclude", OnMissing::Exclude),
                ],
            )?,
        };
        settings.check_ends()?;
        Ok(settings)
    }

    /// What the values of the cursor are, as far as its column says it: that of `root`, the table of the resource as
    /// hints make it, else that of the schema.
    pub fn meaning(&self, root: &Table, schema: &Schema) -> Meaning {
        Meaning::of_column(&self.path, root, schema)
    }

    /// What can be said of the ends before it is known what they mean.
    fn check_ends(&self) -> Result<(), String> {
        if !self.lag.is_finite() {
            return Err("`lag` must be a finite number".to_owned());
        }
        let (initial, end) = self.ends()?;
        match (&initial, &end) {
            // What texts mean is known when the column is.
            (Some(CursorValue::Text(_)), Some(CursorValue::Text(_))) => Ok(()),
            _ => self.check_range(Meaning::PLAIN.with_ends(initial.iter().chain(&end))),
        }
    }

    fn ends(&self) -> Result<(Option<CursorValue<'static>>, Option<CursorValue<'static>>), String> {
        let read =
            |key: &str, value| CursorValue::from_value(value).map_err(|reason| format!("`{key}`: {reason}"));
        Ok((read("initial_value", &self.initial)?, read("end_value", &self.end)?))
    }

    /// The end must be after the start.
    pub(crate) fn check_range(&self, meaning: Meaning) -> Result<(), String> {
        let (initial, end) = self.ends()?;
        let Some(end) = end else { return Ok(()) };
        let initial = initial.ok_or("`end_value` needs `initial_value`: a backfill has two ends")?;
        match meaning.rank(self.extreme, &end, &initial) {
            None => Err(format!(
                "`initial_value` {initial} and `end_value` {end} cannot be compared; give both the type of the cursor"
            )),
            Some(std::cmp::Ordering::Less) => {
                Err(format!("`end_value` {end} is before `initial_value` {initial}; swap them"))
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether later runs continue where this one ends. A backfill of a fixed range remembers nothing.
    pub fn keeps_state(&self) -> bool {
        self.end.is_null()
    }

    /// From where a later run continues if it finds the last value that the rows so far have.
    ///
    /// Only rows in the order of the cursor leave none out. With an open range the rows that share the
    /// last value and have not come yet would be lost. A lag, rows at the boundary that are not known again
    /// and rows without a cursor come twice.
    pub fn resume(&self) -> Resume {
        if !self.keeps_state() {
            Resume::Never
        } else if self.order != Some(RowOrder::Ascending) || self.range_start == RangeEnd::Open {
            Resume::AtEnd
        } else if self.deduplicates() && self.on_missing != OnMissing::Include {
            Resume::AtEachPage
        } else {
            Resume::NearEachPage
        }
    }

    /// Whether rows at the boundary that an earlier run has seen are dropped. An open range has no such rows,
    /// a backfill no earlier run, and a lag wants them again.
    pub(crate) fn deduplicates(&self) -> bool {
        self.range_start == RangeEnd::Closed
            && self.keeps_state()
            && self.lag == 0.0
            && self.key != RowKey::None
    }
}

/// The cursor's own key comes before that of the resource.
fn row_key(own: Option<&KeyHint>, resource: Option<&KeyHint>) -> RowKey {
    let columns = |keys: &KeyHint| match keys.form() {
        KeyForm::Text => keys.names().first().map_or(RowKey::WholeRow, |name| RowKey::Column(name.clone())),
        KeyForm::List => RowKey::Columns(keys.names().to_vec()),
    };
    match own {
        Some(keys) if keys.names().is_empty() && keys.form() == KeyForm::List => RowKey::None,
        Some(keys) if !keys.names().is_empty() => columns(keys),
        _ => resource.filter(|keys| !keys.names().is_empty()).map_or(RowKey::WholeRow, columns),
    }
}

/// Finds a word; the first one is meant where there is none.
fn word<T: Copy>(key: &str, given: Option<&str>, known: &[(&str, T)]) -> Result<T, String> {
    let given = given.unwrap_or(known[0].0);
    known.iter().find(|(word, _)| *word == given).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).filter(|word| !word.is_empty()).collect();
        format!("`{key}` is `{given}`; known are {}", words.join(" and "))
    })
}
