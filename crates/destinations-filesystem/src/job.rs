//! One file of a package to its place below the dataset.

use cartage_destinations_api::{
    Error, ErrorKind, Job, JobFile, JobOutcome, LoadPlan, Result, system::STATE_TABLE,
};
use serde_json::{Map, Value};

use crate::filesystem::Filesystem;
use crate::ledger::{self, InFlight};
use crate::outcome::check_in_flight;
use crate::rows;
use crate::store::{Created, Store};

/// A file that is copied under a name that derives from its load and its job.
pub(crate) struct CopyJob<'a> {
    pub(crate) files: &'a Filesystem,
    pub(crate) plan: &'a LoadPlan,
    pub(crate) job: &'a JobFile,
    /// Where it goes.
    pub(crate) name: String,
}

impl Job for CopyJob<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Self { files, plan, job, name } = *self;
        let outcome = files.write(&name, job).map_err(|error| {
            // The load that took over has removed what was on its way, too.
            let told = check_in_flight(&files.store, &plan.key).err();
            told.filter(|told| told.kind() == ErrorKind::Conflict).unwrap_or(error)
        })?;
        let Err(error) = check_in_flight(&files.store, &plan.key) else { return Ok(outcome) };
        // The load that took over has removed what it found; this file came later.
        files.store.delete(&[name])?;
        Err(error)
    }
}

impl Filesystem {
    /// Writes the file of a job, unless it is there.
    pub(crate) fn write(&self, name: &str, job: &JobFile) -> Result<JobOutcome> {
        let path = job.local()?;
        match self.store.create_from(name, path)? {
            Created::New => Ok(JobOutcome::Done { rows: job.rows }),
            Created::Exists if self.store.equals(name, path)? => Ok(JobOutcome::DoneBefore),
            Created::Exists => Err(Error::terminal(format!(
                "{} already exists, with other content than job {}",
                self.store.url(name),
                job.id
            ))
            .with_remedy(
                "let every file have a name of its own: the layout should hold {load_id} and {file_id}",
            )),
        }
    }
}

/// The state of the pipeline: kept until the load commits, since dlt takes the newest file that there is.
pub(crate) struct StateJob<'a> {
    pub(crate) store: &'a Store,
    pub(crate) plan: &'a LoadPlan,
    pub(crate) job: &'a JobFile,
}

impl Job for StateJob<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Self { store, plan, job } = *self;
        let path = job.local()?;
        let bytes = std::fs::read(path).map_err(|cause| crate::error::local("read", path, cause))?;
        let rows = rows::read(&path.display().to_string(), job.format, bytes)?;
        let Some(row) = rows.last() else { return Ok(JobOutcome::Done { rows: 0 }) };
        let row = state_row(row, plan);
        check_in_flight(store, &plan.key)?;
        match InFlight::of(&plan.key).record(store, ledger::STATE, row.to_string().as_bytes())? {
            Created::New => Ok(JobOutcome::Done { rows: job.rows }),
            Created::Exists => Ok(JobOutcome::DoneBefore),
        }
    }
}

/// The columns that dlt has in such a file, in its order; it takes no others.
fn state_row(row: &rows::Row, plan: &LoadPlan) -> Value {
    let number = |name: &str| match row.get(name) {
        Some(Value::String(text)) => text.parse::<i64>().map_or(Value::Null, Value::from),
        Some(value) => value.clone(),
        None => Value::Null,
    };
    let text = |name: &str| row.get(name).cloned().unwrap_or_default();
    let created_at = match row.get("created_at").and_then(Value::as_str).and_then(crate::date_tokens::parse) {
        Some(moment) => Value::from(crate::date_tokens::iso(moment.timestamp_micros())),
        None => Value::from(crate::date_tokens::iso(plan.created_micros())),
    };
    let mut out = Map::new();
    out.insert("version".to_owned(), number("version"));
    out.insert("engine_version".to_owned(), number("engine_version"));
    out.insert("pipeline_name".to_owned(), text("pipeline_name"));
    out.insert("state".to_owned(), text("state"));
    out.insert("created_at".to_owned(), created_at);
    out.insert("version_hash".to_owned(), text("version_hash"));
    out.insert("_dlt_load_id".to_owned(), Value::from(plan.key.load_id.as_str()));
    Value::Object(out)
}

/// Whether the file holds the pipeline's state.
pub(crate) fn is_state(job: &JobFile) -> bool {
    job.table == STATE_TABLE
}
