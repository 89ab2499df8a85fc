//! Removes what an abandoned load has appended.

use cartage_destinations_api::{AppendRecord, SqlScript, Statement};

use super::dialect::{Dialect, TableRef};

/// What removes the rows that load `load_id` has written to `tables`. Which jobs had ended is not asked: rows
/// of a nested table may be there without those that they hang on.
pub fn undo(tables: Vec<AppendRecord>, dialect: &dyn Dialect, dataset: &str, load_id: &str) -> SqlScript {
    let tables = AppendRecord::parents_first(tables);
    SqlScript { statements: tables.iter().map(|table| undo_one(table, dialect, dataset, load_id)).collect() }
}

fn undo_one(appends: &AppendRecord, dialect: &dyn Dialect, dataset: &str, load_id: &str) -> Statement {
    let qualified = |table: &str| dialect.qualified(&TableRef::new(dataset, table));
    let (name, delete) = (&appends.table, dialect.delete_from(&qualified(&appends.table)));
    let purpose = format!("remove what load {load_id}, which was abandoned, has appended to {name}");
    match (&appends.load_id, &appends.parent) {
        (Some(column), _) => {
            let condition = format!("{} = {}", dialect.quote(column), dialect.placeholder(1));
            Statement::new(purpose, format!("{delete} WHERE {condition}")).with_params(vec![load_id.into()])
        }
        (None, Some(link)) => Statement::new(
            purpose,
            format!(
                "{delete} WHERE {} NOT IN (SELECT {} FROM {})",
                dialect.quote(&link.parent_key),
                dialect.quote(&link.row_key),
                qualified(&link.table)
            ),
        ),
        (None, None) => Statement::new(purpose, format!("{delete} WHERE 1 = 0")),
    }
}
