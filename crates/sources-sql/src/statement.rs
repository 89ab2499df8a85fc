//! The SELECT of a resource.

use std::num::NonZeroUsize;

use cartage_source_api::CursorRange;

use crate::bounds::{CursorClause, bound};
use crate::database::Database;
use crate::key_ranges::RangeColumn;
use crate::reflected::{ReflectedColumn, Relation};

/// What is read of a relation.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) relation: Relation,
    /// The columns under the names that the database has.
    pub(crate) columns: Vec<ReflectedColumn>,
    /// The same under the names that rows have.
    pub(crate) of_rows: Vec<ReflectedColumn>,
    /// A condition of the user.
    pub(crate) condition: Option<String>,
    pub(crate) cursor: Option<CursorClause>,
    pub(crate) parts: Parts,
}

/// In how many parts it is read.
#[derive(Clone, Debug)]
pub(crate) enum Parts {
    /// One statement reads all rows.
    One,
    /// By the positions of rows: this many parts, or by the size of the table.
    ByPlace(Option<NonZeroUsize>),
    /// By the values of a column.
    ByValue(RangeColumn),
}

impl Selection {
    /// The statement for a range of the cursor, and for those rows for which the condition of a part holds.
    pub(crate) fn statement(
        &self,
        database: &dyn Database,
        range: Option<&CursorRange>,
        part: Option<&str>,
    ) -> String {
        let columns: Vec<String> = self
            .of_rows
            .iter()
            .map(|column| format!("{} AS {}", column.expression, database.quoted(&column.name)))
            .collect();
        let mut sql = format!("SELECT {} FROM {}", columns.join(", "), self.rows(database, range, part));
        let cursor = self.cursor_column();
        if let Some(order) = cursor.and_then(|(clause, column)| clause.order(database, column)) {
            sql.push_str(&format!(" ORDER BY {order}"));
        }
        sql
    }

    /// The statement for the least and the greatest value that a column has in these rows.
    pub(crate) fn ends_statement(
        &self,
        database: &dyn Database,
        range: Option<&CursorRange>,
        column: &ReflectedColumn,
    ) -> String {
        let [low, high] = [database.quoted("low"), database.quoted("high")];
        let value = &column.expression;
        format!(
            "SELECT min({value}) AS {low}, max({value}) AS {high} FROM {}",
            self.rows(database, range, None)
        )
    }

    /// Whether only some rows of the relation are asked for.
    pub(crate) fn has_conditions(&self, database: &dyn Database, range: Option<&CursorRange>) -> bool {
        !self.conditions(database, range).is_empty()
    }

    /// What follows `FROM`, with the conditions.
    fn rows(&self, database: &dyn Database, range: Option<&CursorRange>, part: Option<&str>) -> String {
        let mut sql = match &self.relation {
            Relation::Table { schema: Some(schema), name } => {
                format!("{}.{}", database.quoted(schema), database.quoted(name))
            }
            Relation::Table { schema: None, name } => database.quoted(name),
            Relation::Query(query) => format!("({}\n) AS q", self.filled(query, database, range)),
        };
        let conditions = self.conditions(database, range).into_iter().chain(part.map(str::to_owned));
        let conditions: Vec<String> = conditions.map(|condition| format!("({condition}\n)")).collect();
        if !conditions.is_empty() {
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        sql
    }

    /// The condition of the user, and that of the cursor.
    fn conditions(&self, database: &dyn Database, range: Option<&CursorRange>) -> Vec<String> {
        let own = self.condition.as_deref().map(|condition| self.filled(condition, database, range));
        let of_cursor = self
            .cursor_column()
            .zip(range)
            .and_then(|((clause, column), range)| clause.condition(database, column, range));
        own.into_iter().chain(of_cursor).collect()
    }

    fn cursor_column(&self) -> Option<(&CursorClause, &ReflectedColumn)> {
        let clause = self.cursor.as_ref()?;
        Some((clause, self.columns.iter().find(|column| column.name == clause.column)?))
    }

    fn filled(&self, text: &str, database: &dyn Database, range: Option<&CursorRange>) -> String {
        with_bounds(text, database, self.cursor_column().map(|(_, column)| column), range)
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

/// SQL of the user as where there are no bounds, to see what its columns are.
pub(crate) fn without_bounds(text: &str) -> String {
    replaced(&replaced(text, "$start", "NULL"), "$end", "NULL")
}

/// Text with a placeholder replaced where no letter or digit follows it, and where it is not in quotes.
fn replaced(text: &str, placeholder: &str, by: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut is_quoted = false;
    while let Some((before, after)) = rest.split_once(placeholder) {
        out.push_str(before);
        is_quoted ^= before.matches('\'').count() % 2 == 1;
        let is_longer = after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        out.push_str(if is_longer || is_quoted { placeholder } else { by });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_placeholder_is_a_whole_word() {
        assert_eq!(replaced("a > $start and b <> $started", "$start", "5"), "a > 5 and b <> $started");
        assert_eq!(
            replaced("a = 'it''s $start' or b = $start", "$start", "5"),
            "a = 'it''s $start' or b = 5"
        );
    }
}
