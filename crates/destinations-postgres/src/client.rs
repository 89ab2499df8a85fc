//! One connection: statements, queries and the ends of transactions, as blocking calls.

use std::cell::Cell;
use std::sync::Arc;

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::{Row, SqlValue};
use tokio::runtime::Runtime;
use tokio_postgres::types::{ToSql, Type};

use crate::error;
use crate::params::Bound;

/// One connection, used by one thread at a time.
#[derive(Debug)]
pub struct Session {
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

    /// All rows of a query.
    pub(crate) fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        let failed = |cause| error::statement(&statement.purpose, &cause);
        let bound: Vec<Bound<'_>> = statement.params.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|param| param as _).collect();
        let rows = self.runtime.block_on(self.client.query(&statement.sql, &params)).map_err(failed)?;
        let values = |row: &tokio_postgres::Row| {
            (0..row.len()).map(|column| value(row, column)).collect::<Result<_, _>>().map(Row)
        };
        rows.iter().map(values).collect::<Result<_, _>>().map_err(failed)
    }

    /// Runs statements without parameters and results, separated by semicolons.
    pub(crate) fn control(&self, sql: &str, purpose: &str) -> Result<()> {
        self.runtime
            .block_on(self.client.batch_execute(sql))
            .map_err(|cause| error::statement(purpose, &cause))
    }

    /// Begins a transaction. Until its end is known the connection is of no use to others, also if the caller panics.
    pub(crate) fn begin(&self) -> Result<()> {
        self.control("BEGIN", "begin a transaction")?;
        self.spoiled.set(true);
        Ok(())
    }

    pub(crate) fn commit(&self) -> Result<()> {
        self.control("COMMIT", "commit")?;
        self.spoiled.set(false);
        Ok(())
    }

    pub(crate) fn roll_back(&self) {
        self.spoiled.set(self.control("ROLLBACK", "undo the transaction").is_err());
    }
}

fn value(row: &tokio_postgres::Row, column: usize) -> Result<SqlValue, tokio_postgres::Error> {
    let int = |number: Option<i64>| number.map_or(SqlValue::Null, SqlValue::Int);
    Ok(match *row.columns()[column].type_() {
        Type::BOOL => int(row.try_get::<_, Option<bool>>(column)?.map(i64::from)),
        Type::INT2 => int(row.try_get::<_, Option<i16>>(column)?.map(i64::from)),
        Type::INT4 => int(row.try_get::<_, Option<i32>>(column)?.map(i64::from)),
        Type::INT8 => int(row.try_get(column)?),
        _ => row.try_get::<_, Option<String>>(column)?.map_or(SqlValue::Null, SqlValue::Text),
    })
}
