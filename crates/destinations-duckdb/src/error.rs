//! DuckDB's errors as kinds: which are worth another attempt.

use std::path::Path;

use cartage_destinations_api::{Error, ErrorKind};

/// How DuckDB begins the messages of errors that the same statement will always return.
const TERMINAL: &[&str] = &[
    "Constraint Error",
    "Conversion Error",
    "Catalog Error",
    "Binder Error",
    "Parser Error",
    "Syntax Error",
    "Invalid Input Error",
    "Invalid Error",
    "Invalid Type Error",
    "Mismatch Type Error",
    "Out of Range Error",
    "Not implemented Error",
    "Dependency Error",
    "Permission Error",
    "Missing Extension Error",
    "Settings Error",
    "INTERNAL Error",
];

/// An error of a statement.
pub(crate) fn statement(doing: &str, cause: &duckdb::Error) -> Error {
    let message = one_line(cause);
    let remedy = remedy(&message);
    Error::new(kind(&message), message).context(doing).with_known_remedy(remedy)
}

/// An error of opening the file.
pub(crate) fn open(path: &Path, cause: &duckdb::Error) -> Error {
    let message = one_line(cause);
    let doing = format!("cannot open {}", path.display());
    if is_locked(cause) {
        return Error::locked(message)
            .context(doing)
            .with_remedy("close the other program that has the file open, then run again");
    }
    let remedy = if message.contains("not a valid DuckDB database file") {
        "move the file away, or name another one with 'path'"
    } else if message.contains("storage version") || message.contains("newer version") {
        "use a program with the DuckDB version that wrote the file, or name another file with 'path'"
    } else {
        "check that the folder exists and may be written to, or name another file with 'path'"
    };
    Error::invalid(message).context(doing).with_remedy(remedy)
}

/// Whether another process has the file open.
pub(crate) fn is_locked(cause: &duckdb::Error) -> bool {
    cause.to_string().contains("Could not set lock")
}

/// Whether an appender was refused because its table, dataset or catalog is not there.
pub(crate) fn is_absent(cause: &duckdb::Error) -> bool {
    cause.to_string().contains("could not be found")
}

/// An error of something that is not a table but has its name.
pub(crate) fn no_table(dataset: &str, table: &str, cause: &duckdb::Error) -> Error {
    Error::terminal(format!("{dataset}.{table} accepts no rows: {}", one_line(cause)))
        .with_remedy("rename or drop what has this name, or choose another `table_name` or dataset")
}

fn kind(message: &str) -> ErrorKind {
    // A duplicate key that shows at the commit only is reported as a failed transaction.
    let violated = message.starts_with("TransactionContext Error") && message.contains("constraint");
    if violated || TERMINAL.iter().any(|prefix| message.starts_with(prefix)) {
        ErrorKind::Terminal
    } else {
        ErrorKind::Transient
    }
}

fn remedy(message: &str) -> Option<&'static str> {
    if message.contains("No space left on device") {
        Some("free some space on the disk of the database file, then run again")
    } else if message.starts_with("Out of Memory Error") {
        Some(
            "raise 'memory_limit' of the destination, or lower 'workers' in [load]; in addition to its rows, a \
             table takes about 60 kB for each column",
        )
    } else if message.starts_with("Conversion Error") {
        Some(
            "the value does not fit the type of its column; give the column a wider type, or change the data",
        )
    } else {
        None
    }
}

/// DuckDB adds hints and the statement below the message; the first paragraph says what happened.
fn one_line(cause: &duckdb::Error) -> String {
    let text = cause.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_data_causes_is_terminal_and_what_passes_is_transient() {
        for message in [
            "Constraint Error: Duplicate key \"code: a\" violates unique constraint.",
            "Conversion Error: Type INT128 with value 9223372036854775808 can't be cast",
            "Catalog Error: Table with name x does not exist!",
            "TransactionContext Error: Failed to commit: PRIMARY KEY or UNIQUE constraint violation",
        ] {
            assert_eq!(kind(message), ErrorKind::Terminal, "{message}");
        }
        for message in [
            "IO Error: Could not read from file",
            "Out of Memory Error: could not allocate block",
            "TransactionContext Error: Catalog write-write conflict on create with \"data\"",
            "INTERRUPT Error: Interrupted!",
            "something new",
        ] {
            assert_eq!(kind(message), ErrorKind::Transient, "{message}");
        }
    }
}
