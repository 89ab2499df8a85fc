//! [`FaultyMemory`]: a dataset in memory that many connections share, and whose steps fail on demand.

use std::sync::{Arc, Mutex, PoisonError};

use cartage_destinations_api::{
    Capabilities, Chain, DatasetReader, Description, Destination, Error, ErrorKind, Job, JobFile, JobOutcome,
    LoadCommit, LoadKey, LoadPlan, LoadStatus, PreparedLoad, Result, Staging, StateSync, StoredSchema,
    StoredState,
};

use crate::memory::Memory;

/// A step of a load, before which something can go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadStep {
    /// Asking for the newest state.
    State,
    /// Asking how far a load is.
    Status,
    /// Tables, schema and ledger.
    Prepare,
    /// A job of this table.
    Job(&'static str),
    /// The follow-up of the chain with this root.
    FollowUp(&'static str),
    /// Recording the load as complete.
    Commit,
}

#[derive(Debug)]
struct Fault {
    step: LoadStep,
    kind: ErrorKind,
    times: usize,
}

/// Connections to one [`Memory`]: a clone is another connection to the same dataset.
#[derive(Clone, Debug)]
pub struct FaultyMemory {
    memory: Arc<Memory>,
    capabilities: Capabilities,
    faults: Arc<Mutex<Vec<Fault>>>,
    /// The steps that were taken, also those that failed.
    steps: Arc<Mutex<Vec<String>>>,
}

impl Default for FaultyMemory {
    fn default() -> Self {
        let memory = Arc::new(Memory::new());
        let capabilities = memory.capabilities().clone();
        Self { memory, capabilities, faults: Arc::default(), steps: Arc::default() }
    }
}

impl FaultyMemory {
    /// Changes what the destination says about itself.
    #[must_use]
    pub fn with_capabilities(mut self, change: impl FnOnce(&mut Capabilities)) -> Self {
        change(&mut self.capabilities);
        self
    }

    /// The next `times` times `step` fails before it has an effect.
    pub fn fail(&self, step: LoadStep, kind: ErrorKind, times: usize) {
        lock(&self.faults).push(Fault { step, kind, times });
    }

    /// From now on everything works.
    pub fn heal(&self) {
        lock(&self.faults).clear();
    }

    /// How often a step was tried.
    pub fn tries(&self, step: &LoadStep) -> usize {
        let name = format!("{step:?}");
        lock(&self.steps).iter().filter(|taken| **taken == name).count()
    }

    fn before(&self, is_step: impl Fn(&LoadStep) -> bool, name: String) -> Result<()> {
        lock(&self.steps).push(name);
        let mut faults = lock(&self.faults);
        let Some(fault) = faults.iter_mut().find(|fault| fault.times > 0 && is_step(&fault.step)) else {
            return Ok(());
        };
        fault.times -= 1;
        let message = format!("injected at {:?}", fault.step);
        Err(Error::new(fault.kind, message).with_remedy("take the fault away"))
    }

    fn reach(&self, step: &LoadStep) -> Result<()> {
        self.before(|known| known == step, format!("{step:?}"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Destination for FaultyMemory {
    fn description(&self) -> Description {
        self.memory.description()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        self.reach(&LoadStep::Status)?;
        self.memory.load_status(load)
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        self.reach(&LoadStep::Prepare)?;
        self.memory.prepare_load(plan)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        let inner = self.memory.open_job(plan, job)?;
        Ok(Box::new(FaultyJob { connection: self, is_follow_up: false, table: &job.table, inner }))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        self.reach(&LoadStep::Commit)?;
        self.memory.complete_load(commit)
    }

    fn staging(&self) -> Option<&dyn Staging> {
        Some(self)
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        Some(self)
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        self.memory.reader()
    }
}

impl Staging for FaultyMemory {
    fn open_follow_up<'a>(&'a self, plan: &'a LoadPlan, chain: &'a Chain) -> Result<Box<dyn Job + 'a>> {
        let inner = Staging::open_follow_up(&*self.memory, plan, chain)?;
        Ok(Box::new(FaultyJob { connection: self, is_follow_up: true, table: &chain.root, inner }))
    }
}

impl StateSync for FaultyMemory {
    fn newest_state(&self, pipeline: &str) -> Result<Option<StoredState>> {
        self.reach(&LoadStep::State)?;
        StateSync::newest_state(&*self.memory, pipeline)
    }

    fn newest_schema(&self, name: &str) -> Result<Option<StoredSchema>> {
        self.memory.newest_schema(name)
    }

    fn schema_by_hash(&self, hash: &str) -> Result<Option<StoredSchema>> {
        self.memory.schema_by_hash(hash)
    }
}

struct FaultyJob<'a> {
    connection: &'a FaultyMemory,
    is_follow_up: bool,
    table: &'a str,
    inner: Box<dyn Job + 'a>,
}

impl Job for FaultyJob<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Self { connection, is_follow_up, table, inner } = *self;
        let is_this = |step: &LoadStep| match step {
            LoadStep::Job(of) => !is_follow_up && *of == table,
            LoadStep::FollowUp(of) => is_follow_up && *of == table,
            _ => false,
        };
        let verb = if is_follow_up { "FollowUp" } else { "Job" };
        connection.before(is_this, format!("{verb}({table:?})"))?;
        inner.run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undisturbed_it_passes_the_conformance_suite() {
        cartage_destinations_api::conformance::all(&|| Box::new(FaultyMemory::default()));
    }
}
