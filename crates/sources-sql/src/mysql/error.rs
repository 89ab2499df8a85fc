//! Errors of the server and of the connection, with what to do.

use std::io;

use mysql_async::{DriverError, Error, IoError, ServerError};

use crate::error::SqlError;

/// An error of a statement.
pub(super) fn statement(doing: &str, cause: &Error) -> SqlError {
    let (code, message) = match cause {
        Error::Server(ServerError { code, message, .. }) => (*code, message),
        Error::Driver(DriverError::StmtParamsMismatch { .. } | DriverError::MixedParams) => {
            return SqlError::new(format!("{doing}: the SQL has a ? or a :name outside of quotes"))
                .with_remedy("write the value, or `$start` and `$end` for the bounds of the cursor");
        }
        other => {
            return SqlError::new(format!("{doing}: {}", one_line(&other.to_string())))
                .with_remedy("check whether the server still runs, then run again");
        }
    };
    let described = SqlError::new(format!("{doing}: {} ({code})", one_line(message)));
    let known = match code {
        1044 | 1142 | 1143 | 1227 | 1370 => "allow the user of the credentials to read it: GRANT SELECT",
        1049 => "check `schema`, which is the database here",
        1053 | 1927 => "the server ended the connection: run again",
        1054 => "check the names of columns in `query` and `where`",
        1060 => "rename one of the columns of the query: select .. as ..",
        1064 | 1149 => "check the SQL of `query` and `where`",
        1146 => "check the names of tables, and whether `schema` is right",
        1205 | 1213 => "other sessions hold the table: run again when they have ended",
        1290 | 1792 | 1836 => "sources only read: leave out what writes",
        1317 => "someone ended the query with KILL: run again",
        1356 => "ask its owner to repair the view, or give its definer the rights it needs",
        1969 | 3024 => "raise max_statement_time of MariaDB, or max_execution_time of MySQL, for the user",
        _ => return described,
    };
    described.with_remedy(known)
}

/// A value became NULL on the way.
pub(super) fn lost_value(message: &str) -> SqlError {
    SqlError::new(format!("a value is too long for the server to send: {}", one_line(message))).with_remedy(
        "raise max_allowed_packet of the server, or leave the column out with `excluded_columns`",
    )
}

/// Whether there may be a connection soon: the server starts, or has no room.
pub(super) fn may_pass(cause: &Error) -> bool {
    match cause {
        Error::Server(ServerError { code, .. }) => matches!(code, 1040 | 1053 | 1203),
        Error::Io(IoError::Io(inner)) => inner.kind() == io::ErrorKind::ConnectionRefused,
        _ => false,
    }
}

/// There is no connection to the place.
pub(super) fn connect(place: &str, cause: &Error) -> SqlError {
    let (what, remedy) = match cause {
        Error::Server(ServerError { code, message, .. }) => {
            let remedy = match code {
                1045 | 1698 => "check username and password of the credentials",
                1044 | 1049 => "check the database of the credentials, and whether the user may use it",
                1040 | 1203 | 1226 => "end other connections, or raise max_connections of the server",
                1129 | 1130 => "let the server accept connections of this user from here",
                _ => "see the message of the server",
            };
            (format!("{} ({code})", one_line(message)), remedy)
        }
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            (one_line(&cause.to_string()), "choose the ssl_mode PREFERRED or DISABLED")
        }
        Error::Io(IoError::Io(inner)) if inner.kind() == io::ErrorKind::TimedOut => {
            (inner.to_string(), "check host and port, or raise connect_timeout of the credentials")
        }
        Error::Io(_) => {
            let what = one_line(&cause.to_string());
            let is_tls = what.contains("certificate") || what.contains("TLS");
            let of_tls = "name the file of trusted certificates with ssl_ca, or choose another ssl_mode";
            (what, if is_tls { of_tls } else { "check host and port, and whether the server runs" })
        }
        other => (one_line(&other.to_string()), "check host and port, and whether the server runs"),
    };
    SqlError::new(format!("cannot connect to {place}: {what}")).with_remedy(remedy)
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}
