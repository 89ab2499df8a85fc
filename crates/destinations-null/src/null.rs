//! [`Null`].

use cartage_destinations_api::{
    Capabilities, Chain, CommonSettings, ConnectRequest, Description, Destination, Error, Job, JobFile,
    JobOutcome, LoadCommit, LoadKey, LoadPlan, LoadStatus, NoKeys, PreparedLoad, Probe, Result, Staging,
};

/// Takes everything and keeps nothing.
#[derive(Clone, Debug)]
pub struct Null {
    capabilities: Capabilities,
    dataset: String,
}

impl Null {
    /// Reads the settings; there is nothing to connect to.
    ///
    /// # Errors
    /// Invalid if a setting is unknown or its value is not allowed.
    pub fn connect(request: &ConnectRequest) -> Result<Self> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        rest.parse::<NoKeys>()?;
        let capabilities = Capabilities::of("null").expect("the api knows the null destination");
        let capabilities = capabilities.with_settings(&common)?;
        Ok(Self { capabilities, dataset: request.dataset_name.clone() })
    }
}

impl Destination for Null {
    fn description(&self) -> Description {
        Description::new("null", "nowhere", &self.dataset)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_status(&self, _load: &LoadKey) -> Result<LoadStatus> {
        Ok(LoadStatus::New)
    }

    fn prepare_load(&self, _plan: &LoadPlan) -> Result<PreparedLoad> {
        Ok(PreparedLoad::default())
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        if plan.table(&job.table).is_none() {
            return Err(Error::invalid(format!(
                "table {} is not part of load {}",
                job.table, plan.key.load_id
            )));
        }
        self.capabilities.file_format(Some(job.format))?;
        Ok(Box::new(Discard { rows: job.rows }))
    }

    fn complete_load(&self, _commit: &LoadCommit) -> Result<()> {
        Ok(())
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        vec![Probe::new("write", || Ok("all rows are accepted and discarded".to_owned()))]
    }

    fn staging(&self) -> Option<&dyn Staging> {
        Some(self)
    }
}

impl Staging for Null {
    fn open_follow_up<'a>(&'a self, _plan: &'a LoadPlan, _chain: &'a Chain) -> Result<Box<dyn Job + 'a>> {
        Ok(Box::new(Discard { rows: 0 }))
    }
}

struct Discard {
    rows: u64,
}

impl Job for Discard {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        Ok(JobOutcome::Done { rows: self.rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_passes_the_conformance_suite() {
        cartage_destinations_api::conformance::all(&|| {
            Box::new(Null::connect(&ConnectRequest::new("null", "conformance", "data")).unwrap())
        });
    }
}
