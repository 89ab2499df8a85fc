//! Makes connections to one server.

use std::time::Duration;

use cartage_destinations_api::{Error, Result, Seconds};
use cartage_destinations_sql::server::ClientThread;
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;

use crate::client::Session;
use crate::config::Config;
use crate::error;
use crate::ssl_mode::SslMode;
use crate::tls::{self, Rustls};

/// After this time without a sign of life the other side is asked for one.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Who connects, and the thread that serves the connections.
#[derive(Debug)]
pub struct PostgresConnector {
    config: Config,
    thread: ClientThread,
}

/// An attempt to connect that failed, with what the server said.
struct Refused {
    code: Option<SqlState>,
    error: Error,
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
        let tls = tls::connector(&self.config.credentials)?;
        let mode = self.config.credentials.sslmode;
        let first = match mode {
            SslMode::Disable | SslMode::Allow => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            _ => tokio_postgres::config::SslMode::Require,
        };
        let mut client = self.attempt(&runtime, first, &tls);
        let is_refused =
            |refused: &Refused| refused.code == Some(SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        if mode == SslMode::Allow && client.as_ref().is_err_and(is_refused) {
            client = self.attempt(&runtime, tokio_postgres::config::SslMode::Require, &tls);
        }
        let session = Session::new(runtime, client.map_err(|refused| refused.error)?);
        session.control(&self.session_settings(), "set up the session")?;
        Ok(session)
    }

    fn attempt(
        &self,
        runtime: &Runtime,
        mode: tokio_postgres::config::SslMode,
        tls: &Rustls,
    ) -> std::result::Result<tokio_postgres::Client, Refused> {
        let Config { login, credentials, .. } = &self.config;
        let mut config = tokio_postgres::Config::new();
        for (host, port) in &credentials.hosts {
            config.host(host).port(*port);
        }
        config
            .user(&login.username)
            .dbname(&login.database)
            .application_name(credentials.application_name.as_deref().unwrap_or("cartage"))
            .connect_timeout(login.connect_timeout.0)
            .keepalives_idle(KEEPALIVE)
            .ssl_mode(mode);
        if let Some(password) = &login.password {
            config.password(password.expose());
        }
        if let Some(options) = &credentials.options {
            config.options(options);
        }
        let connected = runtime.block_on(async {
            tokio::time::timeout(login.connect_timeout.0, config.connect(tls.clone())).await
        });
        let (client, connection) = connected
            .map_err(|_| Refused { code: None, error: error::connect_timeout(&self.config) })?
            .map_err(|cause| Refused {
                code: cause.code().cloned(),
                error: error::connect(&self.config, &cause),
            })?;
        runtime.spawn(async move {
            if let Err(cause) = connection.await {
                tracing::debug!(%cause, "a connection ended");
            }
        });
        Ok(client)
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
