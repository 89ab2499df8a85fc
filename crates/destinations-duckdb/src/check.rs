//! What a load needs of a database file, tried without leaving anything.

use cartage_destinations_api::{Result, database_file};
use cartage_destinations_sql::SqlEngine as _;

use crate::engine::DuckDbEngine;

/// Opens the file, or looks whether it could be made.
pub(crate) fn open(duckdb: &DuckDbEngine) -> Result<String> {
    let path = &duckdb.config().path;
    if !path.exists() {
        return database_file::try_making(path);
    }
    duckdb.session()?;
    Ok(format!("{} can be opened", path.display()))
}
