//! The steps of a load as files.

use cartage_destinations_api::{
    Capabilities, DatasetReader, Description, Destination, Job, JobFile, LoadCommit, LoadInFlight, LoadKey,
    LoadPlan, LoadStatus, PreparedLoad, Probe, Result, StateSync,
};

use crate::check;
use crate::filesystem::Filesystem;
use crate::job::{CopyJob, StateJob, is_state};
use crate::ledger::InFlight;
use crate::outcome;
use crate::prepare::not_in_plan;
use crate::system_files;

impl Destination for Filesystem {
    fn description(&self) -> Description {
        Description::new("filesystem", self.place(), &self.config.dataset)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        if self.store.exists(&system_files::load_file(&load.schema, &load.load_id))? {
            return Ok(LoadStatus::Complete);
        }
        Ok(if InFlight::of(load).is_known(&self.store)? { LoadStatus::Started } else { LoadStatus::New })
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        self.check_base(&plan.base, &plan.key)?;
        self.storage_version()?;
        self.take_over(plan)?;
        self.drop_tables(plan)?;
        let changes = self.migrate(plan)?;
        self.truncate(plan)?;
        Ok(changes)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        self.capabilities.file_format(Some(job.format))?;
        if plan.table(&job.table).is_none() {
            return Err(not_in_plan(&job.table, plan));
        }
        if is_state(job) {
            return Ok(Box::new(StateJob { store: &self.store, plan, job }));
        }
        let name = self.name_of(plan, job)?;
        Ok(Box::new(CopyJob { files: self, plan, job, name }))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        if !self.store.exists(&system_files::load_file(&commit.key.schema, &commit.key.load_id))? {
            outcome::check_in_flight(&self.store, &commit.key)?;
            self.check_base(&commit.base, &commit.key)?;
            outcome::commit(&self.store, commit)?;
        }
        // The load is complete from here on; what follows is tidied up by the next one where it fails.
        let tidied = self.forget_states(&commit.key.pipeline);
        let tidied = tidied.and_then(|()| InFlight::of(&commit.key).forget(&self.store));
        if let Err(error) = tidied.and_then(|()| self.store.sweep()) {
            tracing::debug!(%error, "what the load left in flight could not be removed");
        }
        Ok(())
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        check::probes(self)
    }

    fn loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        check::loads_in_flight(self)
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        Some(self)
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        Some(self)
    }
}

impl Filesystem {
    /// Removes the oldest states of a pipeline where there are more than the settings keep.
    fn forget_states(&self, pipeline: &str) -> Result<()> {
        let Some(keep) = self.config.max_state_files else { return Ok(()) };
        let states = system_files::states(&self.store, pipeline)?;
        let old: Vec<String> = states.into_iter().skip(keep).map(|state| state.file).collect();
        self.store.delete(&old)
    }
}
