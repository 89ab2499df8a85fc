//! Runs statements and transactions on connections of their own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cartage_destinations_api::sql::{Param, SqlScript, Statement, ledger};
use cartage_destinations_api::{Error, LoadKey, Result};
use duckdb::types::{TimeUnit, Value};
use duckdb::{Connection, Row, params_from_iter};

use crate::config::Config;
use crate::database::Database;
use crate::error;
use crate::schema_sql::DuckDbDialect;

/// The database of one destination. A file is open while a load is in flight and for the moment of each
/// look, so that other programs get at it in between: DuckDB lets one process have it.
#[derive(Debug)]
pub(crate) struct Client {
    config: Config,
    database: Mutex<Option<Arc<Database>>>,
    in_flight: AtomicBool,
}

/// Closes the file at its end, unless a load is in flight. Sessions must end before.
#[derive(Debug)]
pub(crate) struct Look<'a>(&'a Client);

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if !self.0.in_flight.load(Ordering::SeqCst) {
            self.0.close();
        }
    }
}

impl Client {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, database: Mutex::new(None), in_flight: AtomicBool::new(false) }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// To be held while somebody looks into the database.
    pub(crate) fn look(&self) -> Look<'_> {
        Look(self)
    }

    /// Says whether a load is in flight.
    pub(crate) fn set_in_flight(&self, in_flight: bool) {
        self.in_flight.store(in_flight, Ordering::SeqCst);
    }

    /// A database in memory is its connections, so it stays.
    fn close(&self) {
        if self.config.path.is_some() {
            self.database.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    /// The open database; makes the file where there is none.
    pub(crate) fn database(&self) -> Result<Arc<Database>> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = &*database {
            return Ok(Arc::clone(database));
        }
        let opened = Database::open(&self.config)?;
        *database = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// A connection; makes the file where there is none.
    pub(crate) fn session(&self) -> Result<Session> {
        Ok(Session { connection: self.database()?.connection()? })
    }

    /// A connection to a database that is there; asking makes no file.
    pub(crate) fn existing(&self) -> Result<Option<Session>> {
        let is_open = self.database.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let exists = self.config.path.as_ref().is_some_and(|path| path.exists());
        if is_open || exists { self.session().map(Some) } else { Ok(None) }
    }
}

/// One connection, used by one thread.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connection: Connection,
}

impl Session {
    /// Runs one statement; returns the number of rows that it changed.
    pub(crate) fn execute(&self, statement: &Statement) -> Result<u64> {
        let begun = Instant::now();
        let values = statement.params.iter().map(value);
        let changed = self.connection.execute(&statement.sql, params_from_iter(values));
        let rows = changed.map_err(|cause| error::statement(&statement.purpose, &cause))? as u64;
        tracing::debug!(rows, seconds = begun.elapsed().as_secs_f64(), "{}", statement.purpose);
        Ok(rows)
    }

    /// Runs the statements in order.
    pub(crate) fn run(&self, script: &SqlScript) -> Result<()> {
        script.statements.iter().try_for_each(|statement| self.execute(statement).map(drop))
    }

    /// All rows of a query, each made into a `T`.
    pub(crate) fn query<T>(
        &self,
        statement: &Statement,
        read: impl FnMut(&Row<'_>) -> duckdb::Result<T>,
    ) -> Result<Vec<T>> {
        let begun = Instant::now();
        let failed = |cause| error::statement(&statement.purpose, &cause);
        let mut prepared = self.connection.prepare(&statement.sql).map_err(failed)?;
        let values = statement.params.iter().map(value);
        let rows = prepared.query_map(params_from_iter(values), read).map_err(failed)?;
        let rows = rows.collect::<duckdb::Result<Vec<_>>>().map_err(failed)?;
        let seconds = begun.elapsed().as_secs_f64();
        tracing::debug!(rows = rows.len(), seconds, "{}", statement.purpose);
        Ok(rows)
    }

    /// Runs `work` in a transaction: committed if it succeeds, undone if not.
    pub(crate) fn transaction<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.control("BEGIN TRANSACTION", "begin a transaction")?;
        match work() {
            Ok(result) => {
                self.control("COMMIT", "commit").inspect_err(|_| self.roll_back())?;
                Ok(result)
            }
            Err(error) => {
                self.roll_back();
                Err(error)
            }
        }
    }

    /// Runs `work` in a transaction that is undone, whatever comes of it.
    pub(crate) fn undone(&self, work: impl FnOnce() -> Result<()>) -> Result<()> {
        self.control("BEGIN TRANSACTION", "begin a transaction")?;
        let result = work();
        self.roll_back();
        result
    }

    fn control(&self, sql: &str, purpose: &str) -> Result<()> {
        let begun = Instant::now();
        self.connection.execute_batch(sql).map_err(|cause| error::statement(purpose, &cause))?;
        tracing::debug!(seconds = begun.elapsed().as_secs_f64(), "{purpose}");
        Ok(())
    }

    /// A failed commit has undone the transaction already, so there may be none left to undo.
    fn roll_back(&self) {
        if let Err(cause) = self.connection.execute_batch("ROLLBACK") {
            tracing::debug!(%cause, "nothing to roll back");
        }
    }

    /// Whether one entry of a load is in the ledger; not where there is no ledger. Within a transaction the
    /// ledger must be there: a statement that fails ends it.
    pub(crate) fn has_entry(&self, staging: &str, load: &LoadKey, entry: &str) -> Result<bool> {
        Ok(!self.entries_among(staging, load, &[entry])?.is_empty())
    }

    /// Those of `entries` that are in the ledger, under the same condition.
    pub(crate) fn entries_among(
        &self,
        staging: &str,
        load: &LoadKey,
        entries: &[&str],
    ) -> Result<Vec<String>> {
        let statement = ledger::among(&DuckDbDialect, staging, load, entries);
        match self.query(&statement, |row| row.get(0)) {
            // Looking first would cost every job something.
            Err(_) if !self.has_table(staging, ledger::TABLE)? => Ok(Vec::new()),
            asked => asked,
        }
    }

    /// The ledger entries of one load; empty where there is no ledger.
    pub(crate) fn entries(&self, staging: &str, load: &LoadKey) -> Result<Vec<String>> {
        if !self.has_table(staging, ledger::TABLE)? {
            return Ok(Vec::new());
        }
        self.query(&ledger::entries(&DuckDbDialect, staging, load), |row| row.get(0))
    }
}

fn value(param: &Param) -> Value {
    match param {
        Param::Text(text) => Value::Text(text.clone()),
        Param::Int(number) => Value::BigInt(*number),
        Param::Timestamp(micros) => Value::Timestamp(TimeUnit::Microsecond, *micros),
        // `Param` may grow; whatever has no value is null.
        _ => Value::Null,
    }
}

/// An error for what should be in the plan and is not.
pub(crate) fn not_in_plan(table: &str, load: &LoadKey) -> Error {
    Error::invalid(format!("table {table} is not part of load {}", load.load_id))
}
