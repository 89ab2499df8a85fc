//! Columns whose declared type says nothing: what the first values are.

use rusqlite::Connection;

use super::error::statement;
use super::functions;
use crate::error::SqlError;
use crate::kind::Kind;
use crate::reflected::ReflectedColumn;

/// Rows that are looked at.
const ROWS: usize = 1000;

/// How values of one column are stored.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    integers: bool,
    reals: bool,
    texts: bool,
    blobs: bool,
}

impl Found {
    fn see(&mut self, class: &str) {
        match class {
            "integer" => self.integers = true,
            "real" => self.reals = true,
            "text" => self.texts = true,
            "blob" => self.blobs = true,
            _ => {}
        }
    }

    /// The kind of all of them; `None` where only a text holds each.
    fn kind(self) -> Option<Kind> {
        Some(match (self.integers, self.reals, self.texts, self.blobs) {
            (_, true, false, false) => Kind::Float,
            (true, false, false, false) => Kind::Integer,
            (false, false, true, false) => Kind::Text,
            (false, false, false, true) => Kind::Binary,
            _ => return None,
        })
    }
}

/// Gives a kind to `columns` of what stands behind `FROM`.
pub(super) fn look(
    connection: &Connection,
    from: &str,
    mut columns: Vec<&mut ReflectedColumn>,
) -> Result<(), SqlError> {
    if columns.is_empty() {
        return Ok(());
    }
    let failed = |cause| statement("cannot look at the values", &cause);
    let classes: Vec<String> =
        columns.iter().map(|column| format!("typeof({})", column.expression)).collect();
    let sql = format!("SELECT {} FROM {from} LIMIT {ROWS}", classes.join(", "));
    let mut found = vec![Found::default(); columns.len()];
    let mut prepared = connection.prepare(&sql).map_err(failed)?;
    let mut rows = prepared.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        for (nth, found) in found.iter_mut().enumerate() {
            found.see(row.get_ref(nth).ok().and_then(|class| class.as_str().ok()).unwrap_or_default());
        }
    }
    for (column, found) in columns.iter_mut().zip(found) {
        match found.kind() {
            Some(kind) => column.kind = kind,
            None => {
                column.kind = Kind::Text;
                column.expression = format!("{}({})", functions::AS_TEXT, column.expression);
            }
        }
    }
    Ok(())
}
