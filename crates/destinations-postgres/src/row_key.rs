//! The unique constraint on the row ids of a table that a load makes: added once its rows are there.
//!
//! Row ids are random, so that an index that grows row by row touches all of its pages again and again; sorting
//! all ids at once takes a quarter of the time. Until then the ledger remembers the table, also for a load that
//! takes over. Unique columns of the user, and tables that are filled by merges, have their constraints from the
//! beginning: there a duplicate must fail the job that brings it.

use std::borrow::Cow;

use cartage_destinations_api::sql::ddl::Existing;
use cartage_destinations_api::sql::{Dialect, Statement, TableRef};
use cartage_destinations_api::{LoadCommit, Result};
use cartage_schema::{Column, Table};

use crate::client::Session;
use crate::destination::{Postgres, plain};
use crate::schema_sql::PostgresDialect;

/// Start of the ledger entries of such tables.
pub(crate) const PREFIX: &str = "row-key:";

/// Memory for sorting, where the server allows less by itself, in kilobytes.
const SORT_KILOBYTES: u32 = 256 << 10;

/// The tables as they are made: those that the load fills directly and that are not there yet without the
/// constraint, whose names are given, too.
pub(crate) fn defer<'a>(
    tables: &[(&'a Table, bool)],
    existing: &Existing,
    indexes: bool,
) -> (Vec<Cow<'a, Table>>, Vec<&'a str>) {
    let mut later = Vec::new();
    let made = tables.iter().map(|(table, is_staged)| {
        let key =
            row_key(table).filter(|_| indexes && !is_staged && !existing.has(&PostgresDialect, &table.name));
        let Some(key) = key else { return Cow::Borrowed(*table) };
        later.push(table.name.as_str());
        let mut without = (*table).clone();
        if let Some(column) = without.columns.get_mut(&key.name) {
            column.unique = None;
        }
        Cow::Owned(without)
    });
    let made = made.collect();
    (made, later)
}

fn row_key(table: &Table) -> Option<&Column> {
    table.complete_columns().find(|column| column.row_key == Some(true) && column.unique == Some(true))
}

/// The statement that adds the constraint of a table, if it has one.
pub(crate) fn statement(dataset: &str, table: &Table) -> Option<Statement> {
    let column = row_key(table)?;
    let target = PostgresDialect.qualified(&TableRef::new(dataset, &table.name));
    let column = PostgresDialect.quote(&column.name);
    Some(plain(
        format!("make row ids of {} unique", table.name),
        format!("ALTER TABLE {target} ADD UNIQUE ({column})"),
    ))
}

impl Postgres {
    /// Adds the constraints that the ledger remembers, each in a transaction of its own with its entry.
    pub(crate) fn add_row_keys(&self, session: &Session, commit: &LoadCommit) -> Result<()> {
        for entry in session.entries(self.staging_dataset(), &commit.key)? {
            let Some(table) = entry.strip_prefix(PREFIX) else { continue };
            session.transaction(|| {
                // A load that another one took over finds that out when it commits.
                if !self.is_in_flight(session, &commit.key)?
                    || !self.disclaim(session, &commit.key, &entry)?
                {
                    return Ok(());
                }
                let add = commit.schema.tables.get(table).and_then(|table| statement(self.dataset(), table));
                let Some(add) = add else { return Ok(()) };
                session.control(&more_memory(), "ask for memory to sort with")?;
                session.execute(&add).map(drop)
            })?;
        }
        Ok(())
    }
}

fn more_memory() -> String {
    format!(
        "SELECT set_config(name, '{SORT_KILOBYTES}kB', true) FROM pg_catalog.pg_settings \
         WHERE name = 'maintenance_work_mem' AND setting::int < {SORT_KILOBYTES}"
    )
}
