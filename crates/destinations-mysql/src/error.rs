//! Errors of the server and of the connection as kinds, by their numbers: which are worth another attempt.

use std::io;

use cartage_destinations_api::{Error, ErrorKind};
use mysql_async::{DriverError, IoError, ServerError};

use crate::config::{Config, place};

/// Shutdown, too many connections, out of memory or threads, broken packets, lock waits and deadlocks, killed, a table
/// that another session has just made, changed or removed, limits of a user's resources.
const PASSING: [u16; 36] = [
    1037, 1038, 1040, 1041, 1053, 1077, 1079, 1135, 1152, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1180,
    1184, 1203, 1205, 1206, 1213, 1226, 1317, 1412, 1429, 1430, 1614, 1637, 1836, 1927, 1969, 3024, 3058,
    3572, 4031,
];

/// Longest message of the server that is shown; it may hold a value.
const LONGEST_MESSAGE: usize = 500;

/// An error of a statement.
pub(crate) fn statement(doing: &str, cause: &mysql_async::Error) -> Error {
    let found = match cause {
        mysql_async::Error::Server(ServerError { code, message, .. }) => of_server(*code, message),
        mysql_async::Error::Driver(error) => of_driver(error),
        other => Error::transient(one_line(&other.to_string()))
            .with_remedy("check whether the server still runs; the work is retried"),
    };
    found.context(doing)
}

/// What the server says by number, as an error or as a warning.
pub(crate) fn of_server(code: u16, message: &str) -> Error {
    let shown: String = one_line(message).chars().take(LONGEST_MESSAGE).collect();
    Error::new(kind(code), format!("{shown} ({code})")).with_known_remedy(remedy(code))
}

fn of_driver(error: &DriverError) -> Error {
    let message = one_line(&error.to_string());
    match error {
        DriverError::PacketTooLarge => {
            Error::terminal(message).with_remedy("raise max_allowed_packet of the server")
        }
        DriverError::ConnectionClosed
        | DriverError::PacketOutOfOrder
        | DriverError::UnexpectedPacket { .. } => {
            Error::transient(message).with_remedy("check whether the server still runs; the work is retried")
        }
        _ => Error::terminal(message),
    }
}

/// An error of connecting to the place of `config`.
pub(crate) fn connect(config: &Config, cause: &mysql_async::Error) -> Error {
    let name = &config.name;
    let found = match cause {
        mysql_async::Error::Server(ServerError { code, message, .. }) => {
            let refused = of_server(*code, message);
            match code {
                1040 | 1203 | 1226 => refused.with_remedy(format!(
                    "lower 'connections' in [destination.{name}], or raise max_connections of the server"
                )),
                1044 | 1045 | 1049 | 1698 => Error::invalid(refused.to_string()).with_remedy(format!(
                    "check username, password and database of [destination.{name}.credentials]"
                )),
                _ => refused,
            }
        }
        mysql_async::Error::Io(IoError::Io(io)) => unreachable(io),
        mysql_async::Error::Io(IoError::Tls(_)) => Error::invalid(one_line(&cause.to_string())).with_remedy(
            format!("name the trusted certificates with ssl_ca of [destination.{name}.credentials], or choose another ssl_mode"),
        ),
        mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            Error::invalid(one_line(&cause.to_string())).with_remedy("set ssl_mode = \"PREFERRED\" or \"DISABLED\"")
        }
        mysql_async::Error::Driver(DriverError::ConnectionClosed) => {
            Error::transient(one_line(&cause.to_string())).with_remedy("check whether the server runs")
        }
        other => Error::invalid(one_line(&other.to_string())).with_remedy("check the credentials"),
    };
    found.context(format!("cannot connect to {}", place(config)))
}

fn unreachable(io: &io::Error) -> Error {
    let message = one_line(&io.to_string());
    let inner = io.get_ref();
    if inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some() {
        return Error::invalid(message)
            .with_remedy("name the trusted certificates with ssl_ca, or choose another ssl_mode");
    }
    Error::transient(message).with_remedy("check host and port, and whether the server runs")
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

fn kind(code: u16) -> ErrorKind {
    match code {
        // Full disk or table space.
        1021 | 1114 | 3675 => ErrorKind::StorageFull,
        // Damaged tables or indexes.
        1034 | 1035 | 1194 | 1712 | 1877 => ErrorKind::Corrupt,
        _ if PASSING.contains(&code) => ErrorKind::Transient,
        _ => ErrorKind::Terminal,
    }
}

fn remedy(code: u16) -> Option<&'static str> {
    Some(match code {
        1021 | 1114 | 3675 => "make room on the disk of the server, then run again",
        1040 | 1203 | 1226 => {
            "lower 'connections' of the destination, or raise max_connections of the server"
        }
        1044 | 1142 | 1143 | 1227 | 1370 => {
            "allow the user of the credentials to do this: GRANT ALL on the dataset and on its staging dataset"
        }
        1059 => "set max_identifier_length = 64 or less for the destination, or use shorter names",
        1062 => "remove the duplicates, or set create_indexes = false for the destination",
        1048 | 1263 | 1364 => "set nullable = true for the column, or clean the data",
        1074 | 1118 => "a row of the table is too long: leave the precision of some text columns out",
        1153 | 1301 => "raise max_allowed_packet of the server: a value is longer than that",
        1205 => "raise lock_timeout of the destination, or end the sessions that hold the table",
        1264 => {
            "give the column a type that holds the value, for instance a larger precision, or clean the data"
        }
        1265 | 1406 => {
            "give the column a longer type: MODIFY it to LONGTEXT, or set its precision, or clean the data"
        }
        1290 | 1792 | 1836 => "the server is read-only: connect to the primary server, or turn off read_only",
        1300 | 1366 | 3988 => {
            "the column cannot hold this text: CONVERT the table TO CHARACTER SET utf8mb4, or clean the data"
        }
        1665 => "set binlog_format = ROW at the server",
        1148 | 3948 => "set local_infile = 1 at the server",
        3140 | 4025 => "the value is not valid JSON, or violates another constraint of the table",
        3819 => "the value violates a CHECK constraint of the table",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_time_or_another_attempt_heals_is_transient_and_the_rest_is_terminal() {
        for code in [1205, 1213, 1040, 1053, 1158, 1317, 3024, 1412] {
            assert_eq!(kind(code), ErrorKind::Transient, "{code}");
        }
        for code in [1044, 1142, 1062, 1064, 1146, 1264, 1265, 1366, 1406, 3819, 4025, 9999] {
            assert_eq!(kind(code), ErrorKind::Terminal, "{code}");
        }
        assert_eq!(kind(1114), ErrorKind::StorageFull);
        assert_eq!(kind(1034), ErrorKind::Corrupt);
    }

    #[test]
    fn messages_are_short_and_on_one_line() {
        let error = of_server(1366, &format!("Incorrect\nvalue {}", "x".repeat(2000)));
        assert!(!error.to_string().contains('\n') && error.to_string().len() < 600);
        assert!(error.remedy().unwrap().contains("utf8mb4"));
    }
}
