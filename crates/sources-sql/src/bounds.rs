//! The cursor of a resource as conditions and order in SQL.

use cartage_schema::hints::IncrementalHint;
use cartage_source_api::CursorRange;
use serde_json::Value;

use crate::database::Database;
use crate::reflected::{Bound, ReflectedColumn};

/// What a cursor asks of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CursorClause {
    /// Name of the cursor's column.
    pub(crate) column: String,
    /// Whether the last value is the least one, so that later runs go downwards.
    goes_down: bool,
    /// Whether rows come by ascending values; `None` where the order does not matter.
    ascending: Option<bool>,
    /// Whether rows without a value are asked for: those of `raise` are, because the cursor must see them.
    takes_nulls: bool,
}

impl CursorClause {
    /// Reads the hints of a resource; `None` where the cursor is none of one column.
    pub(crate) fn of(hint: &IncrementalHint) -> Option<Self> {
        let goes_down = hint.last_value_func.as_deref() == Some("min");
        Some(Self {
            column: hint.cursor_column()?.to_owned(),
            goes_down,
            // The order is that of the cursor, which may go down.
            ascending: match hint.row_order.as_deref() {
                Some("asc") => Some(!goes_down),
                Some("desc") => Some(goes_down),
                _ => None,
            },
            takes_nulls: hint.on_cursor_value_missing.as_deref() != Some("exclude"),
        })
    }

    /// The condition for rows in the range; `None` where every row may be in it. Both ends are in: rows at them are the
    /// cursor's business.
    pub(crate) fn condition(
        &self,
        database: &dyn Database,
        column: &ReflectedColumn,
        range: &CursorRange,
    ) -> Option<String> {
        let (from, to) = if self.goes_down { ("<=", ">=") } else { (">=", "<=") };
        let ends = [(from, &range.start), (to, &range.end)];
        let bounds: Vec<String> = ends
            .into_iter()
            .filter_map(|(operator, value)| database.bound(column, operator, &bound(value)?))
            .collect();
        let expression = database.quoted(&column.name);
        if !self.takes_nulls {
            let given = [format!("{expression} IS NOT NULL")];
            return Some(given.into_iter().chain(bounds).collect::<Vec<_>>().join(" AND "));
        }
        if bounds.is_empty() {
            return None;
        }
        let bounds = bounds.join(" AND ");
        Some(if column.nullable { format!("({bounds}) OR {expression} IS NULL") } else { bounds })
    }

    /// Whether the order of rows matters.
    pub(crate) fn is_ordered(&self) -> bool {
        self.ascending.is_some()
    }

    /// What follows `ORDER BY`.
    pub(crate) fn order(&self, database: &dyn Database, column: &ReflectedColumn) -> Option<String> {
        let direction = if self.ascending? { "ASC" } else { "DESC" };
        Some(format!("{} {direction}", database.ordered(column)))
    }
}

/// An end of the range, where there is one.
pub(crate) fn bound(value: &Value) -> Option<Bound> {
    match value {
        Value::Number(number) => Some(Bound::Number(number.to_string())),
        Value::String(text) => Some(Bound::Text(text.clone())),
        _ => None,
    }
}
