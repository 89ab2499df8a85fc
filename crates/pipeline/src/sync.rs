//! `sync`: state and schemas of the destination become ours, with dlt's rules (reference/schema.md, 11.3).

use cartage_destinations_api::{Connector, StateSync};
use cartage_schema::Schema;
use serde::Serialize;

use crate::control::ExclusiveRun;
use crate::error::PipelineError;
use crate::project::Project;
use crate::restore::{self, Restored};

/// What a sync did.
#[derive(Clone, Debug, Serialize)]
pub struct SyncReport {
    /// Name of the pipeline.
    pub pipeline: String,
    /// What became of the local state.
    pub outcome: SyncOutcome,
    /// Version of the local state before.
    pub local_version: Option<u64>,
    /// Version of the state at the destination.
    pub destination_version: Option<u64>,
    /// Schemas that were taken from the destination.
    pub schemas: Vec<String>,
    /// Schemas that the state names and the destination does not have.
    pub missing_schemas: Vec<String>,
}

/// What became of the local state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SyncOutcome {
    /// It is that of the destination now.
    Restored,
    /// It was that of the destination already.
    UpToDate,
    /// It is newer than that of the destination, and stays.
    KeptNewer,
    /// The destination has none, and the local one is gone too.
    Forgotten,
}

impl Project {
    /// Takes over state and schemas of the destination. With `force` whatever versions they have; a
    /// destination without state then makes the pipeline start from nothing.
    ///
    /// # Errors
    /// If packages are pending, the destination cannot be asked or keeps no state, or it has none and `force`
    /// is not given.
    pub fn sync(&self, force: bool, connector: Connector<'_>) -> Result<SyncReport, PipelineError> {
        let _alone = ExclusiveRun::with(self, "sync")?;
        let destination = self.connect(connector)?;
        let sync = destination.state_sync().ok_or_else(|| {
            let kind = destination.description().destination_type;
            PipelineError::usage(
                format!("destination {kind} keeps no state"),
                "there is nothing to restore from it",
            )
        })?;
        let local = self.committed_state()?;
        let mut report = SyncReport {
            pipeline: self.config.pipeline.name.clone(),
            outcome: SyncOutcome::UpToDate,
            local_version: local.as_ref().map(cartage_state::PipelineState::version),
            destination_version: None,
            schemas: Vec::new(),
            missing_schemas: Vec::new(),
        };
        let Some(remote) = restore::newest_state(self, sync)? else {
            self.forget(force, &destination.description().dataset, &mut report)?;
            return Ok(report);
        };
        report.destination_version = Some(remote.version());
        let takes_over = force || local.as_ref().is_none_or(|local| restore::is_newer(&remote, local));
        if takes_over {
            let restored = Restored::of(sync, remote)?;
            report.schemas = restored.schema_names();
            report.missing_schemas.clone_from(&restored.missing);
            restored.take_over(self, local.as_ref())?;
            report.outcome = SyncOutcome::Restored;
            return Ok(report);
        }
        if local.is_some_and(|local| local.version() > remote.version()) {
            report.outcome = SyncOutcome::KeptNewer;
        }
        self.sync_schemas(sync, &remote.schema_names(), &mut report)?;
        Ok(report)
    }

    /// The destination knows nothing of the pipeline: its dataset was dropped, or nothing was ever loaded.
    fn forget(&self, force: bool, dataset: &str, report: &mut SyncReport) -> Result<(), PipelineError> {
        if report.local_version.is_none() && self.store.documents().schema_names()?.is_empty() {
            return Ok(());
        }
        if !force {
            let name = &self.config.pipeline.name;
            return Err(PipelineError::usage(
                format!("dataset {dataset} has no state of pipeline {name}"),
                "`cartage sync --force` forgets the local state and schemas too, so that the next run starts \
                 from nothing",
            ));
        }
        restore::forget_local(self)?;
        report.outcome = SyncOutcome::Forgotten;
        Ok(())
    }

    /// Takes the schemas that are missing here, and those that the destination has a later version of.
    fn sync_schemas(
        &self,
        sync: &dyn StateSync,
        names: &[&str],
        report: &mut SyncReport,
    ) -> Result<(), PipelineError> {
        for name in names {
            let Some(stored) = sync.newest_schema(name)? else {
                report.missing_schemas.push((*name).to_owned());
                continue;
            };
            let local = self.committed_schema(name)?;
            if local.is_none_or(|local| follows(&stored.document, &local)) {
                self.store.documents().replace_schema(name, &stored.document)?;
                report.schemas.push((*name).to_owned());
            }
        }
        Ok(())
    }
}

/// Whether a stored schema was made from ours.
fn follows(document: &str, local: &Schema) -> bool {
    let Ok(stored) = Schema::from_json(document) else { return false };
    local.version_hash.as_ref().is_some_and(|hash| stored.previous_hashes.contains(hash))
}
