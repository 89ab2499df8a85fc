//! SQLite's errors as kinds: which are worth another attempt.

use std::path::Path;

use cartage_destinations_api::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// An error of a statement.
pub(crate) fn statement(doing: &str, cause: &rusqlite::Error) -> Error {
    let code = cause.sqlite_error_code();
    let error = Error::new(kind(code), cause.to_string()).context(doing);
    match remedy(code) {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

/// An error of opening the file.
pub(crate) fn open(path: &Path, cause: &rusqlite::Error) -> Error {
    let code = cause.sqlite_error_code();
    let is_busy = kind(code) == ErrorKind::Locked;
    let kind = if is_busy { ErrorKind::Locked } else { ErrorKind::Invalid };
    let remedy = remedy(code).unwrap_or(
        "check that the folder exists and may be written to, or name another file with 'path' in the destination's section",
    );
    Error::new(kind, cause.to_string()).context(format!("cannot open {}", path.display())).with_remedy(remedy)
}

fn kind(code: Option<ErrorCode>) -> ErrorKind {
    match code {
        // It was waited for.
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::Locked,
        Some(
            ErrorCode::DiskFull
            | ErrorCode::OutOfMemory
            | ErrorCode::SystemIoFailure
            | ErrorCode::OperationInterrupted
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::SchemaChanged,
        ) => ErrorKind::Transient,
        _ => ErrorKind::Terminal,
    }
}

fn remedy(code: Option<ErrorCode>) -> Option<&'static str> {
    Some(match code? {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            "another program is writing to the file; close it, or run again when it has ended"
        }
        ErrorCode::DiskFull => "free some space on the disk of the database file, then run again",
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            "allow the user who runs this to write to the file and to its folder, where SQLite keeps its log"
        }
        ErrorCode::NotADatabase => {
            "the file is not a SQLite database; move it away, or name another one with 'path' in the destination's section"
        }
        ErrorCode::DatabaseCorrupt => {
            "the file is damaged; look at it with `sqlite3 FILE 'PRAGMA integrity_check'`, or restore a copy"
        }
        ErrorCode::ConstraintViolation => {
            "change the data, or recreate the table with `cartage run --refresh drop_resources`: SQLite cannot allow \
             nulls in an existing column; a constraint that was added by hand has to be dropped by hand"
        }
        ErrorCode::TooBig => "SQLite stores values of up to 1 GB; leave the column out, or cut it",
        _ => return None,
    })
}
