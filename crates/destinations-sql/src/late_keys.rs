//! The unique constraint on the row ids of a table that a load makes, added once its rows are there.
//!
//! Row ids are random, so that an index that grows row by row touches all of its pages again and again; sorting
//! all ids at once takes a quarter of the time. Until then the ledger remembers the table, also for a load that
//! takes over. Unique columns of the user, and tables that are filled by merges, have their constraints from the
//! beginning: there a duplicate must fail the job that brings it. Engines choose it with
//! [`SqlEngine::late_keys`].

use std::borrow::Cow;

use cartage_destinations_api::{LoadCommit, Result, SqlScript, Statement, ledger as entries};
use cartage_schema::{Column, Table};

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::ddl::Existing;
use crate::statements::ledger;
use crate::targets::PlannedTable;

/// Tables as they are made.
pub(crate) struct Made<'a> {
    pub(crate) tables: Vec<Cow<'a, Table>>,
    /// Names of those that lack the constraint on their row ids.
    pub(crate) later: Vec<&'a str>,
}

impl<E: SqlEngine> SqlDestination<E> {
    /// The tables as they are made: without the constraint where it is added later.
    pub(crate) fn made<'a>(&self, tables: &[PlannedTable<'a>], existing: &Existing) -> Made<'a> {
        let may_wait =
            self.engine().capabilities().tables.create_indexes && self.before_late_keys().is_some();
        let mut later = Vec::new();
        let made = tables.iter().map(|planned| {
            let table = planned.table;
            let is_new = !planned.is_staged && !existing.has(self.dialect(), &table.name);
            let Some(key) = row_key(table).filter(|_| may_wait && is_new) else {
                return Cow::Borrowed(table);
            };
            later.push(table.name.as_str());
            let mut without = table.clone();
            if let Some(column) = without.columns.get_mut(&key.name) {
                column.unique = None;
            }
            Cow::Owned(without)
        });
        let tables = made.collect();
        Made { tables, later }
    }

    /// Where a statement that changes tables commits by itself, constraints are there from the beginning.
    fn before_late_keys(&self) -> Option<SqlScript> {
        if self.ddl_commits() { None } else { self.engine().late_keys() }
    }

    /// Adds the constraints that the ledger remembers, each in a transaction of its own with its entry.
    pub(crate) fn add_late_keys(&self, session: &E::Session<'_>, commit: &LoadCommit) -> Result<()> {
        let Some(before) = self.before_late_keys() else { return Ok(()) };
        let staging = &self.datasets().staging;
        for (entry, _) in self.entries(session, &commit.key)? {
            let Some(table) = entry.strip_prefix(entries::LATE_KEY_PREFIX) else { continue };
            session.transaction(|| {
                // A load that another one took over finds that out when it commits.
                let claim = ledger::claim(self.dialect(), staging, &commit.key, &entry, commit.now_micros);
                if session.execute(&claim)? == 0 {
                    return Ok(());
                }
                let table = commit.schema.tables.get(table);
                let Some(add) = table.and_then(|table| self.late_key(table)) else { return Ok(()) };
                session.run(&before)?;
                session.execute(&add).map(drop)
            })?;
        }
        Ok(())
    }

    /// The statement that adds the constraint of a table, if it has one.
    pub(crate) fn late_key(&self, table: &Table) -> Option<Statement> {
        let column = self.dialect().quote(&row_key(table)?.name);
        let target = self.dialect().qualified(&self.direct(&table.name));
        Some(Statement::new(
            format!("make row ids of {} unique", table.name),
            format!("ALTER TABLE {target} ADD UNIQUE ({column})"),
        ))
    }
}

fn row_key(table: &Table) -> Option<&Column> {
    table.complete_columns().find(|column| column.row_key == Some(true) && column.unique == Some(true))
}
