//! Columns whose declared type says nothing: what the first values are.

use rusqlite::Connection;

use super::error::statement;
use super::functions;
use crate::error::SqlError;
use crate::kind::Kind;
use crate::reflected::ReflectedColumn;

/// Rows that are looked at.
const ROWS: usize = 1000;

/// What the values of one column were so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// NULL, or nothing at all.
    Nothing,
    /// All of this kind.
    Kind(Kind),
    /// What only texts hold all of.
    Mixed,
}

impl Seen {
    /// With one more value, which is stored like this.
    fn and(self, class: &str) -> Self {
        let kind = match class {
            "integer" => Kind::Integer,
            "real" => Kind::Float,
            "text" => Kind::Text,
            "blob" => Kind::Binary,
            _ => return self,
        };
        match (self, kind) {
            (Self::Nothing, kind) => Self::Kind(kind),
            (Self::Kind(known), kind) if known == kind => self,
            (Self::Kind(Kind::Integer | Kind::Float), Kind::Integer | Kind::Float) => Self::Kind(Kind::Float),
            _ => Self::Mixed,
        }
    }
}

/// Gives a kind to `columns` of what follows `FROM`.
pub(super) fn look(
    connection: &Connection,
    from: &str,
    mut columns: Vec<&mut ReflectedColumn>,
) -> Result<(), SqlError> {
    if columns.is_empty() {
        return Ok(());
    }
    let failed = |cause| statement("cannot read the values", &cause);
    let classes: Vec<String> =
        columns.iter().map(|column| format!("typeof({})", column.expression)).collect();
    let sql = format!("SELECT {} FROM {from} LIMIT {ROWS}", classes.join(", "));
    let mut seen = vec![Seen::Nothing; columns.len()];
    let mut prepared = connection.prepare(&sql).map_err(failed)?;
    let mut rows = prepared.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        for (nth, seen) in seen.iter_mut().enumerate() {
            let class: String = row.get(nth).map_err(failed)?;
            *seen = seen.and(&class);
        }
    }
    for (column, seen) in columns.iter_mut().zip(seen) {
        match seen {
            Seen::Nothing => column.kind = Kind::Text,
            Seen::Kind(kind) => column.kind = kind,
            Seen::Mixed => {
                column.kind = Kind::Text;
                column.expression = format!("{}({})", functions::AS_TEXT, column.expression);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_one_that_holds_all_that_was_seen() {
        let seen = |classes: &[&str]| classes.iter().fold(Seen::Nothing, |seen, class| seen.and(class));
        assert_eq!(seen(&["null", "integer"]), Seen::Kind(Kind::Integer));
        assert_eq!(seen(&["integer", "real", "integer"]), Seen::Kind(Kind::Float));
        assert_eq!(seen(&["integer", "text", "text"]), Seen::Mixed);
        assert_eq!(seen(&["null"]), Seen::Nothing);
    }
}
