//! One session, which only reads.

use std::pin::pin;
use std::time::Duration;

use cartage_sql_client::Login;
use cartage_sql_client::postgres::{ConnectFailure, PostgresCredentials};
use futures_util::future::{Either, select};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

use super::copy::CopyReader;
use super::{error, reflect};
use crate::batches::{RowSink, Stop};
use crate::database::{Session, SnapshotSession};
use crate::error::SqlError;
use crate::executor::executor;
use crate::reflected::{Reflected, Relation};
use crate::wanted::not_wanted;

/// Texts are UTC and unabbreviated whatever the server's defaults are.
const SETTINGS: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET TIME ZONE 'UTC'; SET datestyle = 'ISO'; \
    SET intervalstyle = 'iso_8601'; SET extra_float_digits = 1; SET bytea_output = 'hex'; \
    SET standard_conforming_strings = on; SET client_min_messages = warning; SET idle_in_transaction_session_timeout = 0";

/// How long is waited between attempts to connect.
const WAITS: [Duration; 3] = [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1)];

/// How long the server is asked to cancel a statement.
const CANCEL: Duration = Duration::from_secs(1);

/// A connection, and the executor that moves its bytes in the thread that calls.
#[derive(Debug)]
pub(super) struct PostgresSession {
    pub(super) client: Client,
    pub(super) runtime: Runtime,
    credentials: PostgresCredentials,
}

impl PostgresSession {
    /// Connects to the place that messages call `place`.
    pub(super) fn connect(
        login: &Login,
        credentials: &PostgresCredentials,
        place: &str,
    ) -> Result<Self, SqlError> {
        let runtime = executor()?;
        let client = runtime.block_on(client(login, credentials));
        let client = client.map_err(|failure| error::connect(place, failure))?;
        runtime
            .block_on(client.batch_execute(SETTINGS))
            .map_err(|cause| error::statement("cannot set up the session", &cause))?;
        Ok(Self { client, runtime, credentials: credentials.clone() })
    }

    /// Reads the answer of a statement, as long as its rows are wanted.
    pub(super) fn copy(&self, sql: &str, sink: &RowSink) -> Result<(), Stop> {
        self.runtime.block_on(async {
            let reading = pin!(CopyReader::new(sink).read(&self.client, sql));
            let read = match select(reading, pin!(not_wanted(sink))).await {
                Either::Left((read, _)) => read,
                Either::Right(_) => Err(Stop::NotWanted),
            };
            if let Err(Stop::NotWanted) = read {
                // Else it would notice when it next sends a row.
                let cancel = cartage_sql_client::postgres::cancel(&self.client, &self.credentials);
                let _ = tokio::time::timeout(CANCEL, cancel).await;
            }
            read
        })
    }
}

/// Connects, also to a server that is starting or has no free connection yet.
async fn client(login: &Login, credentials: &PostgresCredentials) -> Result<Client, ConnectFailure> {
    for wait in WAITS {
        match cartage_sql_client::postgres::connect(login, credentials).await {
            Err(failure) if error::may_pass(&failure) => {
                tracing::debug!(%failure, "there is no connection yet");
                tokio::time::sleep(wait).await;
            }
            connected => return connected,
        }
    }
    cartage_sql_client::postgres::connect(login, credentials).await
}

impl Session for PostgresSession {
    fn table_names(&mut self, schema: Option<&str>, with_views: bool) -> Result<Vec<String>, SqlError> {
        self.runtime.block_on(reflect::table_names(&self.client, schema, with_views))
    }

    fn reflect(&mut self, relation: &Relation) -> Result<Reflected, SqlError> {
        self.runtime.block_on(reflect::reflect(&self.client, relation))
    }

    fn read(self: Box<Self>, sql: &str, sink: &RowSink) -> Result<(), Stop> {
        self.copy(sql, sink)
    }

    fn snapshots(&mut self) -> Option<&mut dyn SnapshotSession> {
        Some(self)
    }
}
