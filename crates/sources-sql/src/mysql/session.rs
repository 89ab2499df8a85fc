//! One session, which only reads.

use std::pin::pin;
use std::time::Duration;

use cartage_sql_client::Login;
use cartage_sql_client::mysql::MysqlCredentials;
use futures_util::future::{Either, select};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Value};
use tokio::runtime::Runtime;

use super::cells::push;
use super::{error, reflect};
use crate::batches::{RowSink, Stop};
use crate::database::Session;
use crate::error::SqlError;
use crate::executor::executor;
use crate::reflected::{Reflected, Relation};
use crate::wanted::not_wanted;

/// Points in time are UTC and texts UTF-8 whatever the server's defaults are, and no row is left out and no text cut. The
/// server waits for a day until more rows are taken. The mode stays the server's: it is what SQL of the user was written
/// for, and ours means the same in all.
const SETTINGS: [&str; 3] = [
    "SET NAMES utf8mb4",
    "SET SESSION time_zone = '+00:00', sql_select_limit = 18446744073709551615, \
     group_concat_max_len = 4294967295, net_write_timeout = 86400",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
];

/// All tables of a statement are read as of one point in time.
const SNAPSHOT: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// How long is waited between attempts to connect.
const WAITS: [Duration; 3] = [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1)];

/// How long the server is asked to cancel a statement.
const CANCEL: Duration = Duration::from_secs(1);

/// A connection, and the executor that moves its bytes in the thread that calls.
#[derive(Debug)]
pub(super) struct MysqlSession {
    /// There until the session is dropped.
    conn: Option<Conn>,
    runtime: Runtime,
    login: Login,
    credentials: MysqlCredentials,
}

impl MysqlSession {
    /// Connects to the place that messages call `place`.
    pub(super) fn connect(
        login: &Login,
        credentials: &MysqlCredentials,
        place: &str,
    ) -> Result<Self, SqlError> {
        let runtime = executor()?;
        let connected = runtime.block_on(connection(login, credentials));
        let mut conn = connected.map_err(|cause| error::connect(place, &cause))?;
        for sql in SETTINGS {
            runtime
                .block_on(conn.query_drop(sql))
                .map_err(|cause| error::statement("cannot set up the session", &cause))?;
        }
        Ok(Self { conn: Some(conn), runtime, login: login.clone(), credentials: credentials.clone() })
    }

    fn parts(&mut self) -> (&Runtime, &mut Conn) {
        (&self.runtime, self.conn.as_mut().expect("it is there until the session is dropped"))
    }
}

impl Session for MysqlSession {
    fn table_names(&mut self, schema: Option<&str>, with_views: bool) -> Result<Vec<String>, SqlError> {
        let (runtime, conn) = self.parts();
        runtime.block_on(reflect::table_names(conn, schema, with_views))
    }

    fn reflect(&mut self, relation: &Relation) -> Result<Reflected, SqlError> {
        let (runtime, conn) = self.parts();
        runtime.block_on(reflect::reflect(conn, relation))
    }

    fn read(mut self: Box<Self>, sql: &str, sink: &RowSink) -> Result<(), Stop> {
        let (runtime, conn) = self.parts();
        let id = conn.id();
        let result = runtime.block_on(async {
            match select(pin!(read_rows(conn, sql, sink)), pin!(not_wanted(sink))).await {
                Either::Left((read, _)) => read,
                Either::Right(_) => Err(Stop::NotWanted),
            }
        });
        if result.is_err() {
            // To close the connection properly, all remaining rows would have to be read.
            drop(self.conn.take());
        }
        if let Err(Stop::NotWanted) = result {
            // Else it would notice when it next sends a row.
            let kill = kill(&self.login, &self.credentials, id);
            let _ = self.runtime.block_on(async { tokio::time::timeout(CANCEL, kill).await });
        }
        result
    }
}

impl Drop for MysqlSession {
    /// Closes the connection properly, or the server would count an aborted connection.
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            // If it is closed already, nothing is left to be done.
            let _ = self.runtime.block_on(conn.disconnect());
        }
    }
}

/// Connects, also to a server that is starting or has no free connection yet.
async fn connection(login: &Login, credentials: &MysqlCredentials) -> mysql_async::Result<Conn> {
    for wait in WAITS {
        match cartage_sql_client::mysql::connect(login, credentials).await {
            Err(cause) if error::may_pass(&cause) => tokio::time::sleep(wait).await,
            connected => return connected,
        }
    }
    cartage_sql_client::mysql::connect(login, credentials).await
}

/// Ends another session of the same user.
async fn kill(login: &Login, credentials: &MysqlCredentials, id: u32) -> mysql_async::Result<()> {
    let mut conn = cartage_sql_client::mysql::connect(login, credentials).await?;
    conn.query_drop(format!("KILL {id}")).await?;
    conn.disconnect().await
}

/// Reads the answer as it comes. What is prepared is answered in the binary form.
async fn read_rows(conn: &mut Conn, sql: &str, sink: &RowSink) -> Result<(), Stop> {
    let failed = |cause: mysql_async::Error| Stop::Failed(error::statement("cannot read", &cause));
    conn.query_drop(SNAPSHOT).await.map_err(failed)?;
    let mut answer = conn.exec_iter(sql, ()).await.map_err(failed)?;
    let mut rows = sink.rows();
    while let Some(row) = answer.next().await.map_err(failed)? {
        let mut bytes = 0;
        let values = row.unwrap_raw();
        for ((builder, column), value) in rows.builders.iter_mut().zip(sink.columns()).zip(&values) {
            let value = value.as_ref().unwrap_or(&Value::NULL);
            bytes += size(value);
            push(builder, value).map_err(|error| error.in_column(&column.name, &column.declared))?;
        }
        sink.end_row(&mut rows, bytes)?;
    }
    drop(answer);
    if conn.get_warnings() > 0 {
        refuse_lost_values(conn).await?;
    }
    sink.flush(&mut rows)
}

/// The server makes NULL of a text that it puts together and that is longer than it may be, with no more than a warning.
async fn refuse_lost_values(conn: &mut Conn) -> Result<(), SqlError> {
    const TOO_LONG: u16 = 1301;
    let failed = |cause| error::statement("cannot read the warnings of the server", &cause);
    let warnings: Vec<(String, u16, String)> = conn.query("SHOW WARNINGS").await.map_err(failed)?;
    let lost = warnings.into_iter().find(|(_, code, _)| *code == TOO_LONG);
    lost.map_or(Ok(()), |(_, _, message)| Err(error::lost_value(&message)))
}

fn size(value: &Value) -> usize {
    match value {
        Value::Bytes(bytes) => bytes.len(),
        _ => size_of::<u64>(),
    }
}
