//! One connection: statements, queries and transactions, as blocking calls.

use std::cell::Cell;
use std::sync::Arc;

use cartage_destinations_api::sql::{SqlScript, Statement, ledger};
use cartage_destinations_api::{LoadKey, Result};
use tokio::runtime::Runtime;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::error;
use crate::params::Bound;
use crate::schema_sql::PostgresDialect;

/// One connection, used by one thread at a time.
#[derive(Debug)]
pub(crate) struct Session {
    runtime: Arc<Runtime>,
    client: tokio_postgres::Client,
    /// Whether the connection is of no more use: a transaction on it may be open.
    spoiled: Cell<bool>,
}

impl Session {
    pub(crate) fn new(runtime: Arc<Runtime>, client: tokio_postgres::Client) -> Self {
        Self { runtime, client, spoiled: Cell::new(false) }
    }

    /// Whether the next user of the connection can begin where a new one would.
    pub(crate) fn is_usable(&self) -> bool {
        !self.spoiled.get() && !self.client.is_closed()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn client(&self) -> &tokio_postgres::Client {
        &self.client
    }

    /// Runs one statement; returns the number of rows that it changed.
    pub(crate) fn execute(&self, statement: &Statement) -> Result<u64> {
        let bound: Vec<Bound<'_>> = statement.params.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|param| param as _).collect();
        self.runtime
            .block_on(self.client.execute(&statement.sql, &params))
            .map_err(|cause| error::statement(&statement.purpose, &cause))
    }

    /// Runs the statements in order.
    pub(crate) fn run(&self, script: &SqlScript) -> Result<()> {
        script.statements.iter().try_for_each(|statement| self.execute(statement).map(drop))
    }

    /// All rows of a query, each made into a `T`.
    pub(crate) fn query<T>(
        &self,
        statement: &Statement,
        read: impl FnMut(&Row) -> Result<T, tokio_postgres::Error>,
    ) -> Result<Vec<T>> {
        let failed = |cause| error::statement(&statement.purpose, &cause);
        let bound: Vec<Bound<'_>> = statement.params.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|param| param as _).collect();
        let rows = self.runtime.block_on(self.client.query(&statement.sql, &params)).map_err(failed)?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(failed)
    }

    /// Runs statements without parameters and results, separated by semicolons.
    pub(crate) fn control(&self, sql: &str, purpose: &str) -> Result<()> {
        self.runtime
            .block_on(self.client.batch_execute(sql))
            .map_err(|cause| error::statement(purpose, &cause))
    }

    /// Runs `work` in a transaction: committed if it succeeds, undone if not.
    ///
    /// Where the connection breaks during the commit nobody knows whether it happened; that is a
    /// transient error, and the ledger answers the next attempt.
    pub(crate) fn transaction<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.control("BEGIN", "begin a transaction")?;
        // Until the end is known, and if `work` panics.
        self.spoiled.set(true);
        let result = work().and_then(|result| {
            self.control("COMMIT", "commit")?;
            Ok(result)
        });
        let ended = result.is_ok() || self.control("ROLLBACK", "undo the transaction").is_ok();
        self.spoiled.set(!ended);
        result
    }

    /// Runs `work` in a transaction that is undone, whatever comes of it.
    pub(crate) fn undone(&self, work: impl FnOnce() -> Result<()>) -> Result<()> {
        self.control("BEGIN", "begin a transaction")?;
        self.spoiled.set(true);
        let result = work();
        self.spoiled.set(self.control("ROLLBACK", "undo the transaction").is_err());
        result
    }

    /// Names of the tables of a dataset, sorted; empty where there is no such dataset.
    pub(crate) fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        let statement = Statement::new(
            "list the tables of the dataset",
            "SELECT c.relname::text FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY 1",
        )
        .with_params(vec![dataset.into()]);
        self.query(&statement, |row| row.try_get(0))
    }

    pub(crate) fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        let statement = Statement::new(
            format!("whether there is a table {table}"),
            "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')",
        )
        .with_params(vec![dataset.into(), table.into()]);
        Ok(!self.query(&statement, |_| Ok(()))?.is_empty())
    }

    /// The ledger entries of one load; empty where there is no ledger.
    pub(crate) fn entries(&self, staging: &str, load: &LoadKey) -> Result<Vec<String>> {
        if !self.has_table(staging, ledger::TABLE)? {
            return Ok(Vec::new());
        }
        self.query(&ledger::entries(&PostgresDialect, staging, load), |row| row.try_get(0))
    }
}
