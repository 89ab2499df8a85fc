//! The SELECT of a resource.

use cartage_source_api::CursorRange;

use crate::bounds::{CursorClause, bound};
use crate::database::Database;
use crate::reflected::{ReflectedColumn, Relation};

/// What is read of a relation.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) relation: Relation,
    pub(crate) columns: Vec<ReflectedColumn>,
    /// A condition of the user.
    pub(crate) condition: Option<String>,
    pub(crate) cursor: Option<CursorClause>,
}

impl Selection {
    /// The statement for a range of the cursor.
    pub(crate) fn statement(&self, database: &dyn Database, range: Option<&CursorRange>) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|column| format!("{} AS {}", column.expression, database.quoted(&column.name)))
            .collect();
        let cursor = self.cursor.as_ref().and_then(|clause| {
            let column = self.columns.iter().find(|column| column.name == clause.column)?;
            Some((clause, column))
        });
        let fill = |text: &str| with_bounds(text, database, cursor.map(|(_, column)| column), range);
        let from = match &self.relation {
            Relation::Table { schema: Some(schema), name } => {
                format!("{}.{}", database.quoted(schema), database.quoted(name))
            }
            Relation::Table { schema: None, name } => database.quoted(name),
            Relation::Query(query) => format!("({}\n) AS q", fill(query)),
        };
        let own = self.condition.as_deref().map(fill);
        let of_cursor =
            cursor.zip(range).and_then(|((clause, column), range)| clause.condition(database, column, range));
        let conditions: Vec<String> =
            own.into_iter().chain(of_cursor).map(|condition| format!("({condition}\n)")).collect();
        let mut sql = format!("SELECT {} FROM {from}", columns.join(", "));
        if !conditions.is_empty() {
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        if let Some(order) = cursor.and_then(|(clause, column)| clause.order(database, column)) {
            sql.push_str(&format!(" ORDER BY {order}"));
        }
        sql
    }
}

/// SQL of the user with the bounds in the places of `$start` and `$end`; NULL where there is no such bound.
fn with_bounds(
    text: &str,
    database: &dyn Database,
    column: Option<&ReflectedColumn>,
    range: Option<&CursorRange>,
) -> String {
    let literal = |value: Option<&serde_json::Value>| {
        let bound = value.and_then(bound).zip(column);
        bound.map_or_else(|| "NULL".to_owned(), |(bound, column)| database.literal(column, &bound))
    };
    let start = literal(range.map(|range| &range.start));
    let end = literal(range.map(|range| &range.end));
    replaced(&replaced(text, "$start", &start), "$end", &end)
}

/// Text with a placeholder replaced where no letter or digit follows it.
fn replaced(text: &str, placeholder: &str, by: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(placeholder) {
        out.push_str(before);
        let is_longer = after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        out.push_str(if is_longer { placeholder } else { by });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_placeholder_is_a_whole_word() {
        assert_eq!(replaced("a > $start and b <> '$started'", "$start", "5"), "a > 5 and b <> '$started'");
    }
}
