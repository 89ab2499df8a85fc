//! Errors of DuckDB, with what to do.

use std::path::Path;

use crate::error::SqlError;

/// An error of a statement.
pub(super) fn statement(doing: &str, cause: &duckdb::Error) -> SqlError {
    let text = cause.to_string();
    let text = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let described = SqlError::new(format!("{doing}: {text}"));
    if text.contains("Catalog Error") {
        described.with_remedy("check the names of tables, and whether `schema` is right")
    } else if text.contains("Binder Error") {
        described.with_remedy("check the names of columns in `query` and `where`")
    } else if text.contains("Parser Error") {
        described.with_remedy("check the SQL of `query` and `where`")
    } else if text.contains("is infinite") || text.contains("Conversion Error") {
        described.with_remedy(
            "to load all values of the column as text, set `columns.NAME.data_type = \"text\"` on the resource; or exclude \
             such rows with `where`",
        )
    } else {
        described
    }
}

/// The file cannot be opened.
pub(super) fn open(path: &Path, cause: &duckdb::Error) -> SqlError {
    let message = |what: &str| format!("cannot open {}: {what}", path.display());
    let text = cause.to_string();
    if text.contains("lock") {
        return SqlError::new(message("another process has it open for writing"))
            .with_remedy("wait for it, or read a copy of the file");
    }
    if text.contains("different configuration") {
        return SqlError::new(message("the destination of this pipeline has it open"))
            .with_remedy("load into another file");
    }
    SqlError::new(message(&text.replace('\n', " "))).with_remedy("check whether it is a DuckDB file")
}
