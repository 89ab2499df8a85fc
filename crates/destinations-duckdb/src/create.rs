//! Makes a database file as a whole: a process that dies while DuckDB writes the first bytes of a new file
//! must not leave half a file, which could not be opened again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Makes an empty database at `path` where nothing is there yet. The file has its name only once it is
/// whole; where another process makes it meanwhile, that one stays.
///
/// Where this is not possible (no hard links, say), nothing is done, and DuckDB makes the file itself.
pub(crate) fn create_if_absent(path: &Path, make: impl FnOnce(&Path) -> duckdb::Result<()>) {
    if path.exists() {
        return;
    }
    let unfinished = unfinished(path);
    // Of a process that died here. One that is at work meanwhile loses its file and lets DuckDB make it.
    let _ = fs::remove_file(&unfinished);
    match make(&unfinished) {
        Ok(()) => match fs::hard_link(&unfinished, path) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
                tracing::debug!(path = %path.display(), %cause, "the new database is made in place");
            }
            _ => {}
        },
        Err(cause) => tracing::debug!(path = %path.display(), %cause, "the new database is made in place"),
    }
    let _ = fs::remove_file(&unfinished);
}

/// Where the file is until it is complete: beside its place, hidden.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.unfinished"))
}
