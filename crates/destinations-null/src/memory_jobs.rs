//! Jobs and follow-ups of loads into [`Memory`](crate::Memory).

use std::fs;

use cartage_destinations_api::{
    Chain, Error, FilePlace, FollowUp, Job, JobFile, JobOutcome, LoadPlan, ReplaceStrategy, Result, ledger,
};
use serde_json::Value;

use crate::contents::{Contents, Row};
use crate::database::Database;

/// The job that brings the rows of a file into its table, or beside it.
pub(crate) fn append<'a>(
    database: &'a Database,
    plan: &'a LoadPlan,
    job: &'a JobFile,
) -> Result<Box<dyn Job + 'a>> {
    let staged = plan
        .table(&job.table)
        .ok_or_else(|| {
            Error::invalid(format!("table {} is not part of load {}", job.table, plan.key.load_id))
        })?
        .staged;
    Ok(Box::new(Append { database, plan, job, staged }))
}

struct Append<'a> {
    database: &'a Database,
    plan: &'a LoadPlan,
    job: &'a JobFile,
    staged: bool,
}

impl Job for Append<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Self { database, plan, job, staged } = *self;
        let entry = ledger::job_entry(&job.id);
        if let Some(handle) = database.still_running(&plan.key, &entry)? {
            return Ok(JobOutcome::Running(handle));
        }
        let rows = read(database, job)?;
        database.finish(&plan.key, &entry, |contents| {
            contents.check_in_flight(&plan.key)?;
            if contents.has(&plan.key, &entry) {
                return Ok(JobOutcome::DoneBefore);
            }
            let count = rows.len() as u64;
            check(contents, &job.table, &rows)?;
            let target = if staged {
                contents.staged.get_mut(&(plan.key.clone(), job.table.clone()))
            } else {
                contents.tables.get_mut(&job.table).map(|table| &mut table.rows)
            };
            target.ok_or_else(|| Error::terminal(format!("there is no table {}", job.table)))?.extend(rows);
            contents.record(&plan.key, &entry);
            Ok(JobOutcome::Done { rows: count })
        })
    }
}

fn read(database: &Database, job: &JobFile) -> Result<Vec<Row>> {
    let text = if let (FilePlace::Staged { url, access }, Some(place)) = (&job.place, &database.place) {
        place.read(url, access)?
    } else {
        let path = job.local()?;
        fs::read_to_string(path)
            .map_err(|cause| Error::transient(format!("cannot read {}", path.display())).with_source(cause))?
    };
    text.lines()
        .map(|line| {
            serde_json::from_str(line)
                .map_err(|cause| Error::terminal(format!("bad row in job {}", job.id)).with_source(cause))
        })
        .collect()
}

fn check(contents: &Contents, table: &str, rows: &[Row]) -> Result<()> {
    let Some(known) = contents.tables.get(table) else { return Ok(()) };
    for row in rows {
        if let Some(stranger) = row.keys().find(|key| !known.columns.iter().any(|(name, _)| name == *key)) {
            return Err(Error::terminal(format!("table {table} has no column {stranger}")));
        }
        if let Some(column) = known.not_null.iter().find(|column| row.get(*column).is_none_or(Value::is_null))
        {
            return Err(Error::terminal(format!("column {column} of table {table} must not be null")));
        }
    }
    Ok(())
}

/// The job that lets staged rows replace those of their tables.
pub(crate) fn replace<'a>(
    database: &'a Database,
    plan: &'a LoadPlan,
    chain: &'a Chain,
) -> Result<Box<dyn Job + 'a>> {
    match chain.follow_up {
        FollowUp::Replace(ReplaceStrategy::InsertFromStaging) => {
            Ok(Box::new(Replace { database, plan, chain }))
        }
        other => Err(Error::invalid(format!("memory has no follow-up for {other:?}"))),
    }
}

struct Replace<'a> {
    database: &'a Database,
    plan: &'a LoadPlan,
    chain: &'a Chain,
}

impl Job for Replace<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Self { database, plan, chain } = *self;
        let entry = ledger::follow_up_entry(&chain.root);
        if let Some(handle) = database.still_running(&plan.key, &entry)? {
            return Ok(JobOutcome::Running(handle));
        }
        database.finish(&plan.key, &entry, |contents| {
            contents.check_in_flight(&plan.key)?;
            if contents.has(&plan.key, &entry) {
                return Ok(JobOutcome::DoneBefore);
            }
            let mut count = 0;
            for name in &chain.tables {
                let rows =
                    contents.staged.shift_remove(&(plan.key.clone(), name.clone())).unwrap_or_default();
                count += rows.len() as u64;
                if let Some(table) = contents.tables.get_mut(name) {
                    table.rows = rows;
                }
            }
            contents.record(&plan.key, &entry);
            Ok(JobOutcome::Done { rows: count })
        })
    }
}
