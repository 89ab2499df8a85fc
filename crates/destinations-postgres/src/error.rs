//! Errors of the server and of the connection as kinds, by SQLSTATE: which are worth another attempt.

use std::error::Error as _;

use cartage_destinations_api::{Error, ErrorKind};
use tokio_postgres::error::{DbError, SqlState};

use crate::config::{Config, place};

/// Longest detail that is shown; it may hold a whole row.
const LONGEST_DETAIL: usize = 300;

/// An error of a statement.
pub(crate) fn statement(doing: &str, cause: &tokio_postgres::Error) -> Error {
    let Some(error) = cause.as_db_error() else {
        return connection_lost(cause).context(doing);
    };
    Error::new(kind(error), described(error)).context(doing).with_known_remedy(remedy(error.code()))
}

/// An error of connecting to the place of `config`.
pub(crate) fn connect(config: &Config, cause: &tokio_postgres::Error) -> Error {
    let doing = format!("cannot connect to {}", place(config));
    let Some(error) = cause.as_db_error() else {
        return unreachable(config, cause).context(doing);
    };
    let name = &config.name;
    let code = error.code();
    let remedy = if *code == SqlState::INVALID_PASSWORD {
        format!("check username and password of [destination.{name}.credentials]")
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        "check the username, and whether pg_hba.conf of the server lets it in from here; 'no encryption' there \
         means that sslmode must be require or more"
            .to_owned()
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        format!("create the database with `createdb {}`, or name another one", config.login.database)
    } else if *code == SqlState::TOO_MANY_CONNECTIONS {
        format!("lower 'connections' in [destination.{name}], or raise max_connections of the server")
    } else {
        return statement(&doing, cause);
    };
    let kind =
        if *code == SqlState::TOO_MANY_CONNECTIONS { ErrorKind::Transient } else { ErrorKind::Invalid };
    Error::new(kind, described(error)).context(doing).with_remedy(remedy)
}

/// An attempt to connect that took too long.
pub(crate) fn connect_timeout(config: &Config) -> Error {
    let seconds = config.login.connect_timeout.0.as_secs_f64();
    Error::transient(format!("cannot connect to {}: no answer within {seconds} s", place(config)))
        .with_remedy("check host and port, or raise connect_timeout of the credentials")
}

fn unreachable(config: &Config, cause: &tokio_postgres::Error) -> Error {
    let message = chain(cause);
    let is_io = innermost_io(cause).is_some();
    if is_io && !message.contains("certificate") {
        return Error::transient(message).with_remedy("check host and port, and whether the server runs");
    }
    // Not a matter of the network: the two sides do not agree on TLS or on how to prove who one is.
    let remedy = if message.contains("certificate") {
        "name the file of trusted certificates with sslrootcert, or choose another sslmode"
    } else if message.contains("TLS") {
        "choose another sslmode: the server does not offer what this one asks for"
    } else {
        "check the credentials"
    };
    Error::invalid(message).with_remedy(format!("{remedy} ([destination.{}.credentials])", config.name))
}

fn connection_lost(cause: &tokio_postgres::Error) -> Error {
    let message = chain(cause);
    let is_ours = message.contains("error serializing") || message.contains("error deserializing");
    if is_ours {
        return Error::terminal(message);
    }
    Error::transient(message).with_remedy("check whether the server still runs; the work is retried")
}

fn innermost_io(cause: &tokio_postgres::Error) -> Option<&std::io::Error> {
    let mut cause = cause.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref() {
            return Some(io);
        }
        cause = inner.source();
    }
    None
}

/// An error with its causes, on one line.
fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text.replace('\n', " ")
}

/// What the server says, with its code, place and detail.
fn described(error: &DbError) -> String {
    let mut text = format!("{} ({})", error.message(), error.code().code());
    for more in [error.detail(), error.where_()].into_iter().flatten() {
        let more: String = more.replace('\n', " ").chars().take(LONGEST_DETAIL).collect();
        text.push_str("; ");
        text.push_str(&more);
    }
    text
}

fn kind(error: &DbError) -> ErrorKind {
    let code = error.code();
    // Two loads that create the same thing at once: the second attempt finds it.
    if *code == SqlState::UNIQUE_VIOLATION && error.constraint().is_some_and(|name| name.starts_with("pg_")) {
        return ErrorKind::Transient;
    }
    kind_of(code.code())
}

fn kind_of(code: &str) -> ErrorKind {
    match code {
        // Read-only transactions stay read-only; the user must name another server.
        "25006" => ErrorKind::Terminal,
        // Damaged data or index at the server.
        "XX001" | "XX002" => ErrorKind::Corrupt,
        _ => match code.get(..2).unwrap_or_default() {
            // No data, data, integrity, cursor, syntax or access, dependent objects, unknown schema,
            // not supported, program limits, PL/pgSQL, with check option.
            "21" | "22" | "23" | "26" | "2B" | "34" | "3D" | "3F" | "42" | "44" | "0A" | "0L" | "0P"
            | "28" | "54" | "P0" => ErrorKind::Terminal,
            _ => ErrorKind::Transient,
        },
    }
}

fn remedy(code: &SqlState) -> Option<&'static str> {
    Some(match code.code() {
        "42501" => {
            "allow the user of the credentials to do this: GRANT CREATE ON DATABASE, and ownership of the dataset's tables"
        }
        "25006" => {
            "the server is read-only: connect to the primary server, or turn off default_transaction_read_only"
        }
        "53100" => "make room on the disk of the server, then run again",
        "53300" => "lower 'connections' of the destination, or raise max_connections of the server",
        "57014" => "raise statement_timeout of the destination, or that of the role at the server",
        "55P03" => "raise lock_timeout of the destination, or end the sessions that hold the table",
        "2BP01" => {
            "something depends on the table, for instance a view: use replace_strategy insert-from-staging, which keeps it"
        }
        "22P05" | "22021" => {
            "PostgreSQL stores no NUL characters: set nul_characters = \"replace\" for the destination, or clean the data"
        }
        "23505" => "remove the duplicates, or set create_indexes = false for the destination",
        "23502" => "set nullable = true for the column, or clean the data",
        "54000" | "54001" | "54011" | "54023" => {
            "the server has a limit that this exceeds; use fewer or smaller columns"
        }
        "42601" => "merges that update rows need PostgreSQL 15 or newer",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_time_or_another_attempt_heals_is_transient_and_the_rest_is_terminal() {
        for code in [
            "40001", "40P01", "53300", "53100", "57P01", "57P03", "57014", "55P03", "08006", "58030",
            "XX000", "ZZ999",
        ] {
            assert_eq!(kind_of(code), ErrorKind::Transient, "{code}");
        }
        for code in [
            "22003", "22P05", "23502", "23505", "42501", "42P01", "42703", "0A000", "25006", "2BP01", "3F000",
        ] {
            assert_eq!(kind_of(code), ErrorKind::Terminal, "{code}");
        }
        assert_eq!(kind_of("XX001"), ErrorKind::Corrupt);
    }
}
