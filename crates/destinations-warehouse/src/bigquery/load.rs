//! Brings a file into its own table by a load job.
//!
//! The id of the job derives from the name of the table, which no other file has. An attempt that follows, in this
//! process or the next one, finds the job: one that runs is waited for, and one that has ended well is not repeated where
//! its rows are still there. A failed one has used its id up, so that the next attempt has the next one.

use cartage_destinations_api::{Error, FilePlace, JobFile, Result, Statement};
use cartage_destinations_sql::SqlSession as _;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_schema::{Column, Table};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128;

use super::error::Fault;
use super::jobs::Job;
use super::session::Session;

/// Loads a file; returns the number of its rows.
pub(super) fn load(session: &Session, target: &TableRef, table: &Table, job: &JobFile) -> Result<u64> {
    let doing = format!("load {} into {}", job.id, target.table);
    let configuration = json!({ "load": configuration(session, target, table, job)? });
    let name = xxh3_128(
        format!("{}\0{}\0{}", session.api().config.project, target.dataset, target.table).as_bytes(),
    );
    for attempt in 0_u32.. {
        let id = format!("cartage_load_{name:032x}_{attempt}");
        let known = session.wait(session.api().find_job(&id)).map_err(|fault| fault.error(&doing))?;
        let Some(known) = known else {
            let loaded = session
                .wait(submit(session, &id, &configuration, job))
                .map_err(|fault| explained(&fault, job).error(&doing))?;
            return checked(job, loaded.loaded_rows()).map_err(|error| error.context(&doing));
        };
        match session.wait(session.api().wait_for(known)) {
            Ok(loaded) if is_there(session, target, loaded.loaded_rows())? => {
                tracing::debug!(id, "an earlier attempt has loaded the file");
                return checked(job, loaded.loaded_rows()).map_err(|error| error.context(&doing));
            }
            Err(fault) if fault.reason == "unreachable" || session.api().config.cancel.is_cancelled() => {
                return Err(fault.error(&doing));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Err(Error::terminal(format!("{doing}: it was tried too often")))
}

async fn submit(session: &Session, id: &str, configuration: &Value, job: &JobFile) -> Result<Job, Fault> {
    match &job.place {
        FilePlace::Local(path) => session.api().run_upload(id, configuration, path).await,
        _ => session.api().run_job(id, configuration).await,
    }
}

/// Replaces whatever an earlier attempt has left in the table.
fn configuration(session: &Session, target: &TableRef, table: &Table, job: &JobFile) -> Result<Value> {
    let field = |column: &Column| -> Result<Value> {
        let kind = session.dialect().type_in_file(column)?;
        let (kind, sizes) = kind.split_once('(').unwrap_or((&kind, ""));
        let mut field = json!({ "name": column.name, "type": kind, "mode": "NULLABLE" });
        if let Some((precision, scale)) = sizes.trim_end_matches(')').split_once(',') {
            field["precision"] = precision.into();
            field["scale"] = scale.into();
        }
        Ok(field)
    };
    let fields = table.complete_columns().map(field).collect::<Result<Vec<_>>>()?;
    let mut load = json!({
        "destinationTable": {
            "projectId": session.api().config.project,
            "datasetId": target.dataset,
            "tableId": target.table,
        },
        "sourceFormat": "PARQUET",
        "schema": { "fields": fields },
        "decimalTargetTypes": ["NUMERIC", "BIGNUMERIC"],
        "createDisposition": "CREATE_NEVER",
        "writeDisposition": "WRITE_TRUNCATE",
    });
    match &job.place {
        FilePlace::Local(_) => {}
        FilePlace::Staged { url, .. } => load["sourceUris"] = json!([url]),
        _ => return Err(Error::invalid(format!("the place of {} is not known", job.id))),
    }
    Ok(load)
}

/// Whether the table still has what a job has written.
fn is_there(session: &Session, target: &TableRef, rows: u64) -> Result<bool> {
    let sql = format!("SELECT count(*) FROM {}", session.dialect().qualified(target));
    let counted = session.query(&Statement::new(format!("count the rows of {}", target.table), sql))?;
    let count = counted.first().map(|row| row.int(0)).transpose()?;
    Ok(count.and_then(|count| u64::try_from(count).ok()) == Some(rows))
}

/// Fails if rows are missing.
fn checked(job: &JobFile, loaded: u64) -> Result<u64> {
    if job.rows > 0 && job.rows != loaded {
        return Err(Error::terminal(format!("{} rows are in the file and {loaded} were loaded", job.rows)));
    }
    Ok(loaded)
}

/// A file at a bucket is read by the service itself.
fn explained(fault: &Fault, job: &JobFile) -> Fault {
    let mut fault = fault.clone();
    if let FilePlace::Staged { url, .. } = &job.place
        && ["accessDenied", "notFound"].contains(&fault.reason.as_str())
    {
        fault.message = format!(
            "{} (file {url}: the account of the destination needs the role Storage Object Viewer on the bucket, and \
             the bucket has to be in the location of the dataset)",
            fault.message
        );
    }
    fault
}
