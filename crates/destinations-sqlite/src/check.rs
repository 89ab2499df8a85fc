//! What a load needs of a database file, tried without leaving anything.

use std::fs::{self, File};

use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::SqlEngine as _;

use crate::engine::SqliteEngine;

/// Opens the file, or looks whether it could be made.
pub(crate) fn open(sqlite: &SqliteEngine) -> Result<String> {
    let path = &sqlite.config().path;
    if sqlite.existing_session()?.is_some() {
        return Ok(format!("{} can be opened", path.display()));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let trial = path.with_file_name(format!(".{name}.check"));
    let made = File::create_new(&trial).and_then(|_| fs::remove_file(&trial));
    made.map_err(|cause| {
        Error::invalid(format!("cannot make {}: {cause}", path.display())).with_source(cause).with_remedy(
            "check that the folder exists and may be written to, or name another file with 'path'",
        )
    })?;
    Ok(format!("{} is not there yet and can be made", path.display()))
}
