//! SQLite's errors, with what to do.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::error::SqlError;

/// An error of a statement.
pub(super) fn statement(doing: &str, cause: &Error) -> SqlError {
    let message = message(cause);
    let has = |words: &str| message.contains(words);
    let described = SqlError::new(format!("{doing}: {message}"));
    let known = match cause.sqlite_error_code() {
        Some(code) if remedy(code).is_some() => remedy(code),
        _ if has("no such table") => {
            Some("check the names of tables; names of other files are not known here")
        }
        _ if has("no such column") => Some("check the names of columns in `query` and `where`"),
        _ if has("syntax error") || has("incomplete input") => Some("check the SQL of `query` and `where`"),
        _ if has("no such function") => Some("use SQLite's own functions"),
        _ => None,
    };
    match known {
        Some(remedy) => described.with_remedy(remedy),
        None => described,
    }
}

/// An error of opening the file.
pub(super) fn open(path: &Path, cause: &Error) -> SqlError {
    let message = format!("cannot open the SQLite file {}: {}", path.display(), message(cause));
    let known = cause.sqlite_error_code().and_then(remedy);
    SqlError::new(message).with_remedy(known.unwrap_or("check the file that the credentials name"))
}

fn message(cause: &Error) -> String {
    // The SQL that others show may be long, and hold values.
    let message = match cause {
        Error::SqliteFailure(_, Some(message)) => message.clone(),
        Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    message.replace('\n', " ")
}

fn remedy(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            "another program is writing to the file: run again when it has ended, or raise `timeout` of the credentials"
        }
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
            "allow the user who runs this to read the file; one in WAL mode needs a folder that may be written to, or its \
             -wal and -shm files"
        }
        ErrorCode::NotADatabase => {
            "the file is not a SQLite database, or it is encrypted: check the file that the credentials name"
        }
        ErrorCode::DatabaseCorrupt => {
            "the file is damaged: look at it with `sqlite3 FILE 'PRAGMA integrity_check'`, or restore a copy"
        }
        ErrorCode::ReadOnly => "sources only read: leave out what writes",
        ErrorCode::OperationInterrupted | ErrorCode::SystemIoFailure | ErrorCode::SchemaChanged => {
            "check the disk of the file, then run again"
        }
        _ => return None,
    })
}
