//! The steps of a load in their order, as [`Destination`] asks for them.

use cartage_destinations_api::{
    Capabilities, Chain, DatasetReader, Description, Destination, Job, JobFile, LoadCommit, LoadInFlight,
    LoadKey, LoadPlan, LoadStatus, PreparedLoad, Preview, Probe, Result, Staging, StateSync,
};

use crate::destination::SqlDestination;
use crate::engine::SqlEngine;
use crate::job::SqlJob;

impl<E: SqlEngine> Destination for SqlDestination<E> {
    fn description(&self) -> Description {
        self.engine().description()
    }

    fn capabilities(&self) -> &Capabilities {
        self.engine().capabilities()
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        let Some(session) = self.engine().existing_session()? else { return Ok(LoadStatus::New) };
        // Where there are transactions the commit clears the ledger, so a load with entries is not complete.
        let entries = self.entries(&session, load)?;
        let is_started = !entries.is_empty() && !self.is_stopped(&entries);
        if is_started && (self.holds_rows() || !self.is_complete(&session, load)?) {
            return Ok(LoadStatus::Started);
        }
        let complete = self.is_complete(&session, load)?;
        Ok(if complete { LoadStatus::Complete } else { LoadStatus::New })
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        self.check_names(plan)?;
        self.engine().begin_work(&plan.key)?;
        let session = self.engine().session()?;
        self.begin(&session, plan)?;
        self.engine().tune(&session, plan)?;
        self.drop_tables(&session, plan)?;
        self.widen(&session, plan)?;
        let changes = self.migrate(&session, plan)?;
        self.truncate(&session, plan)?;
        Ok(changes)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        self.capabilities().file_format(Some(job.format))?;
        Ok(Box::new(SqlJob::insert(self, plan, job)?))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        self.engine().begin_work(&commit.key)?;
        let session = self.engine().session()?;
        self.add_late_keys(&session, commit)?;
        self.commit(&session, commit)?;
        if let Err(error) = self.empty_staged(&session, commit) {
            tracing::warn!(%error, "the load is complete, but tables of the staging dataset could not be emptied");
        }
        if let Err(error) = self.tidy(&session) {
            // The load is complete; the next one tidies up.
            tracing::debug!(%error, "the staging dataset could not be removed");
        }
        drop(session);
        self.engine().end_work();
        Ok(())
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        let (mut probes, after) = self.engine().probes();
        probes.push(Probe::new("write", || self.try_writing()));
        probes.extend(after);
        probes
    }

    fn loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        self.all_loads_in_flight()
    }

    fn staging(&self) -> Option<&dyn Staging> {
        Some(self)
    }

    fn preview(&self) -> Option<&dyn Preview> {
        Some(self)
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        Some(self)
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        Some(self)
    }
}

impl<E: SqlEngine> Staging for SqlDestination<E> {
    fn open_follow_up<'a>(&'a self, plan: &'a LoadPlan, chain: &'a Chain) -> Result<Box<dyn Job + 'a>> {
        Ok(Box::new(SqlJob::follow_up(self, plan, chain)?))
    }
}
