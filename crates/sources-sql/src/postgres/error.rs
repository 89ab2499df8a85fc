//! Errors of the server and of the connection, with what to do.

use std::error::Error as _;
use std::io;

use cartage_sql_client::postgres::ConnectFailure;
use tokio_postgres::error::SqlState;

use crate::error::SqlError;

/// An error of a statement.
pub(super) fn statement(doing: &str, cause: &tokio_postgres::Error) -> SqlError {
    let Some(error) = cause.as_db_error() else {
        return SqlError::new(format!("{doing}: {}", chain(cause)))
            .with_remedy("check whether the server still runs, then run again");
    };
    let described =
        SqlError::new(format!("{doing}: {} ({})", one_line(error.message()), error.code().code()));
    let known = match error.code().code() {
        "42501" => "allow the user of the credentials to read it: GRANT SELECT, and USAGE on the schema",
        "42P01" => "check the names of tables, and whether `schema` is right",
        "42703" => "check the names of columns in `query` and `where`",
        "42601" => "check the SQL of `query` and `where`",
        "25006" => "sources only read: leave out what writes",
        "57014" => "raise statement_timeout of the role, or in `options` of the credentials",
        "40001" => {
            "the server is a standby that could not wait: run again, or raise max_standby_streaming_delay"
        }
        _ => return described,
    };
    described.with_remedy(known)
}

/// Whether the server may accept connections later: it starts, restarts, or has no room.
pub(super) fn may_pass(failure: &ConnectFailure) -> bool {
    let ConnectFailure::Refused(cause) = failure else { return false };
    if let Some(code) = cause.code() {
        return *code == SqlState::CANNOT_CONNECT_NOW || *code == SqlState::TOO_MANY_CONNECTIONS;
    }
    let io = cause.source().and_then(|source| source.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// There is no connection.
pub(super) fn connect(place: &str, failure: ConnectFailure) -> SqlError {
    let message = |what: &str| format!("cannot connect to {place}: {what}");
    let cause = match failure {
        ConnectFailure::Credentials(cause) => return cause.into(),
        ConnectFailure::TimedOut => {
            return SqlError::new(message("no answer in time"))
                .with_remedy("check host and port, or raise connect_timeout of the credentials");
        }
        ConnectFailure::Refused(cause) => cause,
    };
    let remedy = match cause.code() {
        Some(code) if *code == SqlState::INVALID_PASSWORD => "check username and password of the credentials",
        Some(code) if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "check the username, and whether pg_hba.conf of the server lets it in from here; 'no encryption' there means \
             that sslmode must be require or more"
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => "check the database of the credentials",
        Some(code) if *code == SqlState::TOO_MANY_CONNECTIONS => {
            "lower `max_connections` of the source, or raise that of the server"
        }
        Some(_) => "see the message of the server",
        None if chain(&cause).contains("certificate") => {
            "name the file of trusted certificates with sslrootcert, or choose another sslmode"
        }
        None => "check host and port, and whether the server runs",
    };
    let what = cause.as_db_error().map_or_else(|| chain(&cause), |error| one_line(error.message()));
    SqlError::new(message(&what)).with_remedy(remedy)
}

/// An error with its causes.
fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    one_line(&text)
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}
