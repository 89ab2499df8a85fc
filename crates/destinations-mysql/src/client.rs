//! One connection: statements, queries and the ends of transactions, as blocking calls.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

use cartage_destinations_api::{Param, Result, Statement};
use cartage_destinations_sql::{Row, SqlSession as _, SqlValue};
use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{Column, Conn, Params, Value};
use tokio::runtime::Runtime;

use crate::schema_sql::MysqlDialect;

/// What is known about a server.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// How it spells things.
    pub(crate) dialect: MysqlDialect,
    /// Longest statement in bytes.
    pub(crate) longest_statement: usize,
    /// Whether it takes files of rows from us.
    pub(crate) takes_files: bool,
    /// Seconds that a statement waits for a lock; the server's where absent.
    pub(crate) lock_timeout: Option<u64>,
}

/// One connection, used by one thread at a time.
pub struct Session {
    runtime: Arc<Runtime>,
    /// There until the session is dropped.
    conn: RefCell<Option<Conn>>,
    about: About,
    /// Whether the connection broke, or keeps something of a transaction that was undone.
    pub(crate) broken: Cell<bool>,
    /// Whether a transaction may be open.
    pub(crate) in_transaction: Cell<bool>,
    /// Whether it may hold a lock.
    pub(crate) locked: Cell<bool>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(runtime: Arc<Runtime>, conn: Conn, about: About) -> Self {
        let [broken, in_transaction, locked] = [const { Cell::new(false) }; 3];
        Self { runtime, conn: RefCell::new(Some(conn)), about, broken, in_transaction, locked }
    }

    pub(crate) fn about(&self) -> &About {
        &self.about
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Whether the connection is of no more use to others, also because a panic left it in use.
    pub(crate) fn is_spoiled(&self) -> bool {
        self.broken.get() || self.in_transaction.get() || self.locked.get()
    }

    /// Uses the connection. After an error that did not come from the server it is of no more use.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Conn) -> mysql_async::Result<T>,
    ) -> mysql_async::Result<T> {
        let mut conn = self.conn.borrow_mut();
        let result = work(conn.as_mut().expect("it is there until the session is dropped"));
        if result.as_ref().is_err_and(mysql_async::Error::is_fatal) {
            self.broken.set(true);
        }
        result
    }

    /// Runs a statement without parameters and result.
    pub(crate) fn control(&self, sql: &str, purpose: &str) -> Result<()> {
        self.execute(&Statement::new(purpose, sql)).map(drop)
    }
}

impl Drop for Session {
    /// Closes the connection properly, so that the server releases locks and transactions at once.
    fn drop(&mut self) {
        let Some(conn) = self.conn.get_mut().take() else { return };
        if let Err(error) = self.runtime.block_on(conn.disconnect()) {
            tracing::debug!(%error, "a connection was closed already");
        }
    }
}

pub(crate) async fn rows(
    conn: &mut Conn,
    statement: &Statement,
) -> mysql_async::Result<Vec<mysql_async::Row>> {
    if statement.params.is_empty() {
        conn.query(&statement.sql).await
    } else {
        conn.exec(&statement.sql, params(statement)).await
    }
}

pub(crate) fn params(statement: &Statement) -> Params {
    let value = |param: &Param| match param {
        Param::Text(text) => Value::from(text.as_str()),
        Param::Int(number) => Value::from(*number),
        Param::Timestamp(micros) => {
            Value::from(cartage_values::timestamp_to_text(*micros, false).replacen('T', " ", 1))
        }
        _ => Value::NULL,
    };
    Params::Positional(statement.params.iter().map(value).collect())
}

pub(crate) fn row(row: mysql_async::Row) -> Row {
    let columns = row.columns();
    Row(row.unwrap().into_iter().zip(columns.iter()).map(|(value, column)| cell(value, column)).collect())
}

/// The character set of bytes that are not text.
const BINARY: u16 = 63;

/// Whole numbers come as numbers or, where nothing was prepared, as text. Bytes become digits, as PostgreSQL shows them.
fn cell(value: Value, column: &Column) -> SqlValue {
    let is_whole = matches!(
        column.column_type(),
        ColumnType::MYSQL_TYPE_TINY
            | ColumnType::MYSQL_TYPE_SHORT
            | ColumnType::MYSQL_TYPE_INT24
            | ColumnType::MYSQL_TYPE_LONG
            | ColumnType::MYSQL_TYPE_LONGLONG
    );
    match value {
        Value::NULL => SqlValue::Null,
        Value::Int(number) => SqlValue::Int(number),
        Value::UInt(number) => SqlValue::Int(number.cast_signed()),
        Value::Bytes(bytes)
            if column.column_type().is_character_type() && column.character_set() == BINARY =>
        {
            let digits = bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
            SqlValue::Text(format!("\\x{digits}"))
        }
        Value::Bytes(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            match text.parse() {
                Ok(number) if is_whole => SqlValue::Int(number),
                _ => SqlValue::Text(text.into_owned()),
            }
        }
        other => SqlValue::Text(other.as_sql(true).trim_matches('\'').to_owned()),
    }
}
