//! Makes connections to one server.

use cartage_destinations_api::{Result, Seconds};
use cartage_destinations_sql::server::{ClientThread, unusable};
use cartage_sql_client::postgres::{self, ConnectFailure};

use crate::client::Session;
use crate::config::Config;
use crate::error;

/// Who connects, and the thread that serves the connections.
#[derive(Debug)]
pub struct PostgresConnector {
    config: Config,
    thread: ClientThread,
}

impl PostgresConnector {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, thread: ClientThread::new("postgres") }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// A new connection that is set up.
    pub(crate) fn open(&self) -> Result<Session> {
        let runtime = self.thread.runtime()?;
        let Config { login, credentials, .. } = &self.config;
        let client =
            runtime.block_on(postgres::connect(login, credentials)).map_err(|failure| match failure {
                ConnectFailure::Credentials(cause) => unusable(cause),
                ConnectFailure::TimedOut => error::connect_timeout(&self.config),
                ConnectFailure::Refused(cause) => error::connect(&self.config, &cause),
            })?;
        let session = Session::new(runtime, client);
        session.control(&self.session_settings(), "set up the session")?;
        Ok(session)
    }

    /// Texts are UTC and unabbreviated whatever the server's defaults are, and the server notices early
    /// when we are gone.
    fn session_settings(&self) -> String {
        let zone = self.config.credentials.session_timezone.as_deref().unwrap_or("UTC").replace('\'', "''");
        let mut sql = format!(
            "SET TIME ZONE '{zone}'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; \
             SET standard_conforming_strings = on; SET client_min_messages = warning; \
             SET extra_float_digits = 1; SET bytea_output = 'hex'; \
             SELECT set_config(name, '2s', false) FROM pg_catalog.pg_settings \
             WHERE name = 'client_connection_check_interval'"
        );
        let limits = [
            ("statement_timeout", self.config.keys.statement_timeout),
            ("lock_timeout", self.config.server.lock_timeout),
        ];
        for (name, limit) in limits {
            if let Some(Seconds(limit)) = limit {
                sql.push_str(&format!("; SET {name} = {}", limit.as_millis().max(1)));
            }
        }
        sql
    }
}
