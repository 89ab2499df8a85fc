//! What a load needs of a database file, tried without leaving anything.

use std::fs::{self, File};

use cartage_destinations_api::sql::{Dialect as _, SqlScript, TableRef, ledger};
use cartage_destinations_api::{Error, LoadInFlight, Probe, Result, TRIAL_NAME};

use crate::destination::DuckDb;
use crate::schema_sql::DuckDbDialect;

pub(crate) fn probes(duckdb: &DuckDb) -> Vec<Probe<'_>> {
    vec![Probe::new("open", || open(duckdb)), Probe::new("write", || write(duckdb))]
}

/// Opens the file, or looks whether it could be made.
fn open(duckdb: &DuckDb) -> Result<String> {
    let Some(path) = &duckdb.client.config().path else { return Ok("a database in memory".to_owned()) };
    if path.exists() {
        let _look = duckdb.client.look();
        duckdb.client.session()?;
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

/// Makes datasets and a table, writes a row, and takes everything back.
fn write(duckdb: &DuckDb) -> Result<String> {
    let _look = duckdb.client.look();
    let Some(session) = duckdb.client.existing()? else {
        return Ok("the first load makes the database".to_owned());
    };
    let config = duckdb.client.config();
    session.undone(|| {
        for dataset in [&config.dataset, &config.staging_dataset] {
            session.run(&trial(dataset))?;
        }
        Ok(())
    })?;
    Ok(format!("tables can be made and filled in {} and {}", config.dataset, config.staging_dataset))
}

fn trial(dataset: &str) -> SqlScript {
    let table = DuckDbDialect.qualified(&TableRef::new(dataset, TRIAL_NAME));
    let mut script = SqlScript::default();
    let dataset = DuckDbDialect.dataset(dataset);
    script.push("create the dataset", format!("CREATE SCHEMA IF NOT EXISTS {dataset}"));
    script.push("create a table", format!("CREATE TABLE {table} (id BIGINT)"));
    script.push("write a row", format!("INSERT INTO {table} VALUES (1)"));
    script
}

pub(crate) fn loads_in_flight(duckdb: &DuckDb) -> Result<Vec<LoadInFlight>> {
    let staging = &duckdb.client.config().staging_dataset;
    let _look = duckdb.client.look();
    let Some(session) = duckdb.client.existing()? else { return Ok(Vec::new()) };
    if !session.has_table(staging, ledger::TABLE)? {
        return Ok(Vec::new());
    }
    session.query(&ledger::loads_in_flight(&DuckDbDialect, staging), |row| {
        Ok(LoadInFlight::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })
}
