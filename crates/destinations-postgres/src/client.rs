//! One connection: statements, queries and the ends of transactions, as blocking calls.

use std::cell::Cell;
use std::sync::Arc;

use cartage_destinations_api::Result;
use cartage_destinations_sql::SqlValue;
use tokio::runtime::Runtime;
use tokio_postgres::types::Type;

use crate::error;

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

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Whether a transaction may be open.
    pub(crate) fn spoiled(&self) -> &Cell<bool> {
        &self.spoiled
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn client(&self) -> &tokio_postgres::Client {
        &self.client
    }

    /// Runs statements without parameters and results, separated by semicolons.
    pub(crate) fn control(&self, sql: &str, purpose: &str) -> Result<()> {
        self.runtime
            .block_on(self.client.batch_execute(sql))
            .map_err(|cause| error::statement(purpose, &cause))
    }
}

pub(crate) fn value(row: &tokio_postgres::Row, column: usize) -> Result<SqlValue, tokio_postgres::Error> {
    let int = |number: Option<i64>| number.map_or(SqlValue::Null, SqlValue::Int);
    Ok(match *row.columns()[column].type_() {
        Type::BOOL => int(row.try_get::<_, Option<bool>>(column)?.map(i64::from)),
        Type::INT2 => int(row.try_get::<_, Option<i16>>(column)?.map(i64::from)),
        Type::INT4 => int(row.try_get::<_, Option<i32>>(column)?.map(i64::from)),
        Type::INT8 => int(row.try_get(column)?),
        _ => row.try_get::<_, Option<String>>(column)?.map_or(SqlValue::Null, SqlValue::Text),
    })
}
