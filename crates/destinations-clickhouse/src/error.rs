//! Errors of the server and of the connection as kinds, by their numbers: which are worth another attempt.

use cartage_destinations_api::{Error, ErrorKind};

use crate::config::Config;

/// Too many queries, parts or connections; a timeout; memory that others need; a network or a part that is not there now;
/// a table that is being changed; a replica that is behind; a query that was ended.
const PASSING: [i32; 24] = [
    3, 23, 74, 95, 159, 164, 198, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 319, 394, 425,
    473, 999,
];
/// Unknown user, wrong password, no authentication.
const REFUSED: [i32; 4] = [192, 193, 194, 516];
const NO_DATABASE: i32 = 81;
const NO_RIGHTS: i32 = 497;
const FUNCTION_THROW_IF: i32 = 395;
const NULL_IN_COLUMN: i32 = 349;
const OUT_OF_RANGE: i32 = 321;
/// Longest message of the server that is shown; it may hold a value.
const LONGEST_MESSAGE: usize = 500;

/// An error that the server told; `code` is its number where it gave one.
pub(crate) fn of_answer(config: &Config, status: u16, code: Option<i32>, message: &str) -> Error {
    let code = code.or_else(|| code_of(message));
    let shown = shorten(message);
    let Some(code) = code else {
        let what = format!("the server answers with status {status}: {shown}");
        return match status {
            401 | 403 => Error::invalid(what).with_remedy(check_credentials(config)),
            404 | 405 | 300..=399 => Error::invalid(what)
                .with_remedy("check host and http_port: this is not ClickHouse's port for HTTP"),
            408 | 429 | 500..=599 => Error::transient(what).with_remedy("the work is retried"),
            _ => Error::terminal(what),
        };
    };
    Error::new(kind(code), format!("{} ({code})", reason(code, &shown)))
        .with_known_remedy(remedy(config, code))
}

/// An error of sending a request or of receiving its answer.
pub(crate) fn of_connection(config: &Config, address: &str, cause: &reqwest::Error) -> Error {
    // Its own text has the address with all parameters.
    let mut reason = String::new();
    let mut source = std::error::Error::source(cause);
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    if cause.is_connect() {
        let is_tls = ["certificate", "HandshakeFailure", "InvalidContentType", "invalid peer"];
        if is_tls.iter().any(|sign| reason.contains(sign)) {
            return Error::invalid(format!("cannot connect to {address}: {reason}")).with_remedy(format!(
                "set secure = 0 in [destination.{}.credentials] where http_port is that of HTTP",
                config.name
            ));
        }
        return Error::transient(format!("cannot connect to {address}: {reason}"))
            .with_remedy("check host and http_port, and whether the server runs");
    }
    let what = if cause.is_timeout() {
        format!("{address} gave no sign of life")
    } else {
        format!("the connection to {address} broke: {reason}")
    };
    Error::transient(what).with_remedy("check whether the server still runs; the work is retried")
}

/// The number in a message that begins with it.
fn code_of(message: &str) -> Option<i32> {
    let (_, rest) = message.split_once("Code: ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The message on one line, without the text of our statement and the version of the server.
fn shorten(message: &str) -> String {
    let message = message.trim().replace('\n', " ");
    let message = message.rsplit("DB::Exception: ").next().unwrap_or_default();
    message.chars().take(LONGEST_MESSAGE).collect()
}

/// What `throwIf` says, without how the server came there.
fn reason(code: i32, message: &str) -> &str {
    if code != FUNCTION_THROW_IF {
        return message;
    }
    message.split(": while executing").next().unwrap_or(message)
}

fn kind(code: i32) -> ErrorKind {
    match code {
        _ if REFUSED.contains(&code) || code == NO_DATABASE => ErrorKind::Invalid,
        // No room on the disk.
        243 => ErrorKind::StorageFull,
        _ if PASSING.contains(&code) => ErrorKind::Transient,
        _ => ErrorKind::Terminal,
    }
}

fn check_credentials(config: &Config) -> String {
    format!("check username and password of [destination.{}.credentials]", config.name)
}

fn remedy(config: &Config, code: i32) -> Option<String> {
    let text = match code {
        _ if REFUSED.contains(&code) => return Some(check_credentials(config)),
        NO_DATABASE => {
            return Some(format!(
                "create it with CREATE DATABASE, or name another one in [destination.{}.credentials]",
                config.name
            ));
        }
        NO_RIGHTS => {
            return Some(format!(
                "GRANT SELECT, INSERT, ALTER, CREATE TABLE, DROP TABLE, TRUNCATE ON {}.* TO {}, and SELECT ON system.*",
                config.login.database, config.login.username
            ));
        }
        243 => "make room on the disk of the server, then run again",
        241 => "lower 'connections' of the destination, or raise max_memory_usage of the user",
        252 => {
            "lower 'connections' of the destination, or wait until the server has merged parts; the work is retried"
        }
        202 | 203 => "lower 'connections' of the destination; the work is retried",
        159 | 209 => "raise max_execution_time of the user, or send_receive_timeout of the credentials",
        NULL_IN_COLUMN => "set nullable = true for the column, or clean the data",
        OUT_OF_RANGE => {
            "ClickHouse has dates from 1900-01-01 to 2299-12-31: load the column as text, or clean the data"
        }
        FUNCTION_THROW_IF => {
            "load the column with another data_type, change its type in ClickHouse, or clean the data"
        }
        36 | 44 => "check the hints sort, partition and settings of the table",
        164 => "the user may only read: take another one, or a profile with readonly = 0",
        394 => "the statement was ended at the server; the work is retried",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_attempt_heals_is_transient_and_the_rest_is_terminal() {
        for code in [159, 202, 210, 241, 252] {
            assert_eq!(kind(code), ErrorKind::Transient, "{code}");
        }
        for code in [44, 47, 57, 60, 62, 122, 349, 395, 497] {
            assert_eq!(kind(code), ErrorKind::Terminal, "{code}");
        }
        for code in [81, 193, 516] {
            assert_eq!(kind(code), ErrorKind::Invalid, "{code}");
        }
    }

    #[test]
    fn the_number_and_the_reason_are_found_in_a_message() {
        let message = "Code: 395. DB::Exception: Code: 395. DB::Exception: column a: no\nroom: while executing 'X'. (Y)";
        assert_eq!(code_of(message), Some(395));
        assert_eq!(reason(395, &shorten(message)), "column a: no room");
    }
}
