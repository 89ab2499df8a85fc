//! One connection, set up as the credentials say.

use std::io;

use mysql_async::{Conn, DriverError, Result};

use super::credentials::{MysqlCredentials, SslMode};
use crate::credentials::Login;

/// Connects. With `preferred`, the connection is plain where the server has no encryption.
///
/// # Errors
/// What the server or the network said; no answer in time is an error of input and output of the kind `TimedOut`.
pub async fn connect(login: &Login, credentials: &MysqlCredentials) -> Result<Conn> {
    let mode = credentials.ssl_mode;
    match attempt(login, credentials, mode != SslMode::Disabled).await {
        Err(mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer))
            if mode == SslMode::Preferred =>
        {
            attempt(login, credentials, false).await
        }
        attempted => attempted,
    }
}

async fn attempt(login: &Login, credentials: &MysqlCredentials, encrypted: bool) -> Result<Conn> {
    let connecting = Conn::new(credentials.options(login, encrypted));
    let connected = tokio::time::timeout(login.connect_timeout.0, connecting).await;
    connected.unwrap_or_else(|_| {
        let seconds = login.connect_timeout.0.as_secs_f64();
        let message = format!("no answer within {seconds} s");
        Err(io::Error::new(io::ErrorKind::TimedOut, message).into())
    })
}
