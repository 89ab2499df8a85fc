//! One connection, set up as the credentials say.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use super::credentials::PostgresCredentials;
use super::ssl_mode::SslMode;
use super::stream::Rustls;
use super::tls;
use crate::credentials::Login;
use crate::error::ClientError;

/// After this time without a sign of life the other side is asked for one.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFailure {
    /// The credentials cannot be used.
    #[error(transparent)]
    Credentials(#[from] ClientError),
    /// There was no answer within the time that the credentials allow.
    #[error("no answer in time")]
    TimedOut,
    /// The server or the network refused.
    #[error(transparent)]
    Refused(#[from] tokio_postgres::Error),
}

/// Connects, and serves the connection by a task of the runtime that this is called in. Files of certificates are read.
///
/// # Errors
/// [`ConnectFailure`]; what the server said is in it.
pub async fn connect(login: &Login, credentials: &PostgresCredentials) -> Result<Client, ConnectFailure> {
    let tls = tls::connector(credentials)?;
    let mode = credentials.sslmode;
    let first = match mode {
        SslMode::Disable | SslMode::Allow => tokio_postgres::config::SslMode::Disable,
        SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
        _ => tokio_postgres::config::SslMode::Require,
    };
    match attempt(login, credentials, first, &tls).await {
        Err(ConnectFailure::Refused(cause))
            if mode == SslMode::Allow
                && cause.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) =>
        {
            attempt(login, credentials, tokio_postgres::config::SslMode::Require, &tls).await
        }
        attempted => attempted,
    }
}

/// Asks the server to cancel the statement that a connection is waiting for, by a connection of its own.
///
/// # Errors
/// [`ConnectFailure`]
pub async fn cancel(client: &Client, credentials: &PostgresCredentials) -> Result<(), ConnectFailure> {
    client.cancel_token().cancel_query(tls::connector(credentials)?).await?;
    Ok(())
}

async fn attempt(
    login: &Login,
    credentials: &PostgresCredentials,
    mode: tokio_postgres::config::SslMode,
    tls: &Rustls,
) -> Result<Client, ConnectFailure> {
    let mut config = Config::new();
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
    let connected = tokio::time::timeout(login.connect_timeout.0, config.connect(tls.clone())).await;
    let (client, connection) = connected.map_err(|_| ConnectFailure::TimedOut)??;
    tokio::spawn(async move {
        if let Err(cause) = connection.await {
            tracing::debug!(%cause, "a connection ended");
        }
    });
    Ok(client)
}
