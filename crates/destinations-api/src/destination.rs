//! The trait of destinations and its rare abilities.

use std::fmt;
use std::sync::Arc;

use cartage_schema::Schema;

use crate::capabilities::Capabilities;
use crate::error::Result;
use crate::files::JobFile;
use crate::load_key::LoadKey;
use crate::plan::{Chain, LoadPlan};
use crate::probe::Probe;
use crate::script::SqlScript;
use crate::state_conflict::BaseState;
use crate::stored::{LoadInFlight, StoredSchema, StoredState};

/// One dataset that rows can be loaded into. Methods block; `load` calls them from worker threads.
///
/// The order of one load is: [`load_status`](Self::load_status), [`prepare_load`](Self::prepare_load),
/// any number of jobs concurrently, follow-ups of chains whose jobs are settled,
/// [`complete_load`](Self::complete_load). Any of these may be repeated after a crash, and the process
/// may die between any two: what was done is in the ledger and is not done again.
///
/// # Conflicts
/// Of two machines that run the same pipeline, one commits and the other one fails with
/// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict), and none of its rows stay:
/// - [`prepare_load`](Self::prepare_load) and [`complete_load`](Self::complete_load) compare the newest
///   stored state with the one that the load builds on ([`BaseState::check`]), inside the transaction
///   that they write in.
/// - [`prepare_load`](Self::prepare_load) begins the load with an entry in the ledger and takes over from
///   every other load of the same pipeline that is in the ledger: whether its machine is at work, was
///   killed or has stopped, its direct rows are removed, its staged rows dropped and its entries
///   forgotten.
/// - A job, a follow-up or a commit whose load is not in the ledger any more writes nothing and fails
///   ([`taken_over`](crate::taken_over)).
///
/// Where there are no transactions, the checks come as close before the writes as they can.
pub trait Destination: fmt::Debug + Send + Sync {
    /// What this is and where, for messages and summaries. Never holds a secret.
    fn description(&self) -> Description;

    /// Fixed for the lifetime of the value.
    fn capabilities(&self) -> &Capabilities;

    /// How far the destination is with a load. Reads only, and creates nothing.
    ///
    /// # Errors
    /// Transient if the destination cannot be reached now.
    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus>;

    /// Everything before the first row: drops what a refresh drops, creates the dataset and its tables,
    /// adds columns, stores the schema, empties tables, prepares staging. Each part happens once per
    /// load, however often this is called; tables are never dropped or rewritten except as `plan.drop` says.
    ///
    /// # Errors
    /// Conflict, before anything is written, if `plan.base` is not the newest state any more.
    /// Terminal if a statement is refused, transient if it is worth another attempt.
    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad>;

    /// Prepares one job file; moves no rows until [`Job::run`]. May be called again after a crash.
    ///
    /// # Errors
    /// Invalid if the format or the table is not one that the plan allows.
    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>>;

    /// Records the load as complete and clears what was kept for it. Always the last write of a load.
    /// Nothing happens where it is recorded already.
    ///
    /// # Errors
    /// Conflict if `commit.base` is not the newest state any more, or another load has taken over; transient or terminal; after an error nothing is recorded.
    fn complete_load(&self, commit: &LoadCommit) -> Result<()>;

    /// What a load needs of this destination, as probes that are tried in order; each may count on those before it
    /// and leaves nothing behind. For [`check_connection`](crate::check_connection).
    fn probes(&self) -> Vec<Probe<'_>> {
        Vec::new()
    }

    /// Loads of any pipeline that were begun and neither completed nor taken over, where that is remembered.
    ///
    /// # Errors
    /// Transient or terminal; a dataset that is not there is no error.
    fn loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        Ok(Vec::new())
    }

    /// Loads rows beside the tables and combines them afterwards.
    fn staging(&self) -> Option<&dyn Staging> {
        None
    }

    /// Shows the statements of a load without running them; for destinations that speak SQL.
    fn preview(&self) -> Option<&dyn Preview> {
        None
    }

    /// Reads state and schemas stored by earlier loads.
    fn state_sync(&self) -> Option<&dyn StateSync> {
        None
    }

    /// Reads rows back; for summaries and tests.
    fn reader(&self) -> Option<&dyn DatasetReader> {
        None
    }
}

/// A piece of work that either happens whole, with its ledger entry, or not at all.
///
/// Where the destination works on it by itself, [`run`](Self::run) returns [`JobOutcome::Running`] instead of
/// waiting. The handle is in the ledger before the work is submitted under it, and submitting it once more under the
/// same handle changes nothing: a load that opens and runs the job again, in this process or the next one, asks
/// about it. A commit or a take-over of the load forgets the handle, and no row appears without the ledger entry of
/// the job.
pub trait Job: Send {
    /// Does the work. A job found in the ledger is done already, and nothing happens.
    ///
    /// # Errors
    /// Conflict if another load of the pipeline has taken over.
    /// The kind says whether to try again; no row is left behind. A job that failed after it was running has no
    /// handle any more, so that trying again submits it again; where asking was all that failed, it keeps it.
    fn run(self: Box<Self>) -> Result<JobOutcome>;
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// It was done now.
    Done {
        /// Rows written to the destination.
        rows: u64,
    },
    /// An earlier attempt had done it.
    DoneBefore,
    /// A part of it was done and remembered when the user asked to stop; the next attempt does the rest.
    Interrupted,
    /// The destination works on it. The same job, opened and run again, asks how far it is and submits nothing.
    Running(JobHandle),
}

/// What a destination calls a job that runs there, such as the id of a query: for its ledger and for messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobHandle(String);

impl JobHandle {
    /// The handle of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as the destination knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a destination is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// Type, as registered.
    pub destination_type: String,
    /// File, host or bucket, without secrets.
    pub location: String,
    /// Name of the dataset.
    pub dataset: String,
    /// How to inspect the data, as a command, where there is a customary one.
    pub look: Option<String>,
}

impl Description {
    /// A description without a command.
    pub fn new(destination_type: &str, location: impl Into<String>, dataset: impl Into<String>) -> Self {
        Self {
            destination_type: destination_type.to_owned(),
            location: location.into(),
            dataset: dataset.into(),
            look: None,
        }
    }

    /// Adds the command that shows the data.
    #[must_use]
    pub fn look_with(mut self, command: impl Into<String>) -> Self {
        self.look = Some(command.into());
        self
    }
}

/// How far a load is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadStatus {
    /// Nothing was recorded for the load.
    New,
    /// Some of it is in the ledger.
    Started,
    /// It is recorded as complete.
    Complete,
}

/// What [`Destination::prepare_load`] changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PreparedLoad {
    /// Tables created, in order.
    pub created: Vec<String>,
    /// Columns added to tables that were there, as (table, column).
    pub added: Vec<(String, String)>,
    /// What the user should know, such as a constraint that could not be added.
    pub warnings: Vec<String>,
}

/// What is recorded when a load is complete.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadCommit {
    /// Pipeline and load id.
    pub key: LoadKey,
    /// The state that it builds on.
    pub base: BaseState,
    /// Schema of the load, whole.
    pub schema: Arc<Schema>,
    /// Now, in microseconds since 1970.
    pub now_micros: i64,
    /// Tables of the staging dataset that are emptied afterwards: those of other programs, which keep what they stage.
    pub empty_staged: Vec<String>,
}

impl LoadCommit {
    /// The commit of `plan` at `now_micros`.
    pub fn of(plan: &LoadPlan, now_micros: i64) -> Self {
        Self {
            key: plan.key.clone(),
            base: plan.base.clone(),
            schema: Arc::clone(&plan.schema),
            now_micros,
            empty_staged: Vec::new(),
        }
    }
}

/// Loading beside the tables.
pub trait Staging {
    /// The follow-up of one chain: staged rows become rows of the dataset, in one transaction with its
    /// ledger entry.
    ///
    /// # Errors
    /// Invalid if the chain is not part of the plan or its follow-up not offered.
    fn open_follow_up<'a>(&'a self, plan: &'a LoadPlan, chain: &'a Chain) -> Result<Box<dyn Job + 'a>>;
}

/// The statements of a load as text.
pub trait Preview {
    /// What a load of `jobs` runs, in order, without its bookkeeping. Nothing is asked of the database,
    /// so tables are created in full where the load adds at most the columns that they lack.
    ///
    /// # Errors
    /// As for the steps of the load that cannot be put into statements.
    fn statements(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript>;

    /// Whether [`statements_now`](Self::statements_now) reads the existing tables.
    fn compares(&self) -> bool {
        false
    }

    /// The same, compared with the tables that are there: only what they lack. Reads and changes nothing.
    ///
    /// # Errors
    /// As for [`statements`](Self::statements), and those of reading.
    fn statements_now(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript> {
        self.statements(plan, jobs)
    }
}

/// What earlier loads stored at the destination.
pub trait StateSync {
    /// The newest state of `pipeline` among complete loads.
    ///
    /// # Errors
    /// Transient or terminal; a dataset or table that is not there is no error.
    fn newest_state(&self, pipeline: &str) -> Result<Option<StoredState>>;

    /// The newest stored schema called `name`.
    ///
    /// # Errors
    /// As for [`newest_state`](Self::newest_state); corrupt if the document cannot be decoded.
    fn newest_schema(&self, name: &str) -> Result<Option<StoredSchema>>;

    /// The stored schema with this `version_hash`.
    ///
    /// # Errors
    /// As for [`newest_schema`](Self::newest_schema).
    fn schema_by_hash(&self, hash: &str) -> Result<Option<StoredSchema>>;
}

/// Reads a dataset back.
pub trait DatasetReader {
    /// Names of the tables of the dataset; empty if there is no dataset.
    ///
    /// # Errors
    /// Transient or terminal.
    fn tables(&self) -> Result<Vec<String>>;

    /// Name and type of each column of a table, in the table's order.
    ///
    /// # Errors
    /// Terminal if there is no such table.
    fn columns(&self, table: &str) -> Result<Vec<(String, String)>>;

    /// Number of rows of a table.
    ///
    /// # Errors
    /// Terminal if there is no such table.
    fn count(&self, table: &str) -> Result<u64>;

    /// The rows of a table as text, in no particular order: columns in the table's order, `None` for null.
    ///
    /// # Errors
    /// Terminal if there is no such table.
    fn rows(&self, table: &str) -> Result<Vec<Vec<Option<String>>>>;
}
