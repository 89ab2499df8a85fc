//! State and schemas of the destination, for a machine that has none: a new one, or one whose data folder
//! is gone. dlt's rules (reference/schema.md, 11.3): the newer state wins as a whole.

use std::collections::HashSet;

use cartage_destinations_api::{Destination, Error as DestinationError, StateSync, StoredState};
use cartage_package_store::{Folder, LoadId};
use cartage_state::PipelineState;

use crate::error::PipelineError;
use crate::newest::parse;
use crate::project::Project;
use crate::stages;

/// Takes over the state that the destination has, if it is newer than ours. Packages that are pending continue
/// from the local state; where another machine has moved the state meanwhile, they could never be loaded,
/// so they are dropped, and this run extracts their rows again. Returns what the user should know.
///
/// The caller holds the locks of all stages.
pub(crate) fn from_destination(
    project: &Project,
    destination: &dyn Destination,
) -> Result<Option<String>, PipelineError> {
    let Some(sync) = destination.state_sync().filter(|_| project.config.pipeline.restore_from_destination)
    else {
        return Ok(None);
    };
    if project.config.pipeline.dev_mode {
        return Ok(None);
    }
    let stored = newest_stored(project, sync)?;
    let pending = pending(project)?;
    let mut warning = None;
    if !pending.is_empty() {
        let Some(stored) = &stored else { return Ok(None) };
        if !is_overtaken(project, &pending, stored)? {
            return Ok(None);
        }
        let dropped = project.drop_pending()?.aborted.join(", ");
        warning = Some(format!(
            "load {} of another machine has moved the state of pipeline {}: what was pending here ({dropped}) \
             is in aborted/, and its rows are extracted again",
            stored.load_id, project.config.pipeline.name
        ));
    }
    let Some(remote) = stored.as_ref().map(decoded).transpose()? else {
        follow_dropped(project, destination)?;
        return Ok(None);
    };
    match project.committed_state()? {
        Some(local) if !is_newer(&remote, &local) => {}
        local => Restored::of(sync, remote)?.take_over(project, local.as_ref())?,
    }
    Ok(warning)
}

/// A dataset that is gone takes the pipeline's memory with it, as in dlt: cursors that continue where nothing is any
/// more would leave out all earlier rows. So does one that another pipeline has recreated, in which neither the
/// state nor any table of this one is left.
fn follow_dropped(project: &Project, destination: &dyn Destination) -> Result<(), PipelineError> {
    let Some(reader) = destination.reader() else { return Ok(()) };
    if project.committed_state()?.is_none() {
        return Ok(());
    }
    let there: HashSet<String> = reader.tables()?.into_iter().map(|table| table.to_lowercase()).collect();
    let ours = loaded_tables(project)?;
    let is_left = |table: &String| there.contains(&table.to_lowercase());
    if !there.is_empty() && (ours.is_empty() || ours.iter().any(is_left)) {
        return Ok(());
    }
    let what = if there.is_empty() { "the dataset is gone" } else { "its tables are gone from the dataset" };
    let dataset = destination.description().dataset;
    tracing::warn!(dataset, "{what}; the pipeline starts from nothing");
    forget_local(project)
}

/// The tables into which the pipeline has loaded rows, without dlt's own.
fn loaded_tables(project: &Project) -> Result<Vec<String>, PipelineError> {
    let documents = project.store.documents();
    let mut loaded = Vec::new();
    for name in documents.schema_names()? {
        let Some(text) = documents.schema(&name)? else { continue };
        let schema = parse(&name, &text)?;
        let with_rows = schema.data_tables().filter(|table| table.has_seen_data());
        loaded.extend(with_rows.map(|table| table.name.clone()));
    }
    Ok(loaded)
}

/// Forgets state and schemas.
pub(crate) fn forget_local(project: &Project) -> Result<(), PipelineError> {
    let documents = project.store.documents();
    // The state first: without it the schemas are only a beginning.
    documents.remove_state()?;
    for name in documents.schema_names()? {
        documents.remove_schema(&name)?;
    }
    Ok(())
}

/// The newest state of the pipeline at the destination.
pub(crate) fn newest_state(
    project: &Project,
    sync: &dyn StateSync,
) -> Result<Option<PipelineState>, PipelineError> {
    newest_stored(project, sync)?.as_ref().map(decoded).transpose()
}

fn newest_stored(project: &Project, sync: &dyn StateSync) -> Result<Option<StoredState>, PipelineError> {
    let settings = stages::load_settings(project);
    let attempts = settings.raise_on_max_retries.get();
    // A server that is about to come back is waited for, as while loading.
    let newest = || sync.newest_state(&project.config.pipeline.name);
    Ok(settings.retry.retry(attempts, &project.runtime, DestinationError::is_retryable, newest)?)
}

fn decoded(stored: &StoredState) -> Result<PipelineState, PipelineError> {
    PipelineState::decode(&stored.encoded)
        .map_err(|error| PipelineError::State { reason: format!("at the destination: {error}") })
}

fn pending(project: &Project) -> Result<Vec<LoadId>, PipelineError> {
    let mut found = project.store.list(Folder::Normalized)?;
    found.extend(project.store.list(Folder::Extracted)?);
    Ok(found)
}

/// Whether a machine other than this one has brought the state that is stored. A package of ours that was
/// killed right after its commit has brought its own.
fn is_overtaken(project: &Project, pending: &[LoadId], stored: &StoredState) -> Result<bool, PipelineError> {
    if pending.iter().any(|load_id| load_id.as_str() == stored.load_id) {
        return Ok(false);
    }
    Ok(match project.committed_state()? {
        None => true,
        Some(local) if local.version() == stored.version => {
            stored.version_hash.is_some() && stored.version_hash.as_deref() != local.version_hash()
        }
        Some(local) => local.version() < stored.version,
    })
}

/// Whether the destination's state wins over ours.
pub(crate) fn is_newer(remote: &PipelineState, local: &PipelineState) -> bool {
    remote.version() >= local.version() && remote.version_hash() != local.version_hash()
}

/// A state of the destination with its schemas.
pub(crate) struct Restored {
    state: PipelineState,
    /// Names and documents.
    schemas: Vec<(String, String)>,
    /// Schemas that the state names and the destination does not have.
    pub(crate) missing: Vec<String>,
}

impl Restored {
    /// Reads the schemas that a state names.
    pub(crate) fn of(sync: &dyn StateSync, state: PipelineState) -> Result<Self, PipelineError> {
        let (mut schemas, mut missing) = (Vec::new(), Vec::new());
        for name in state.schema_names() {
            if let Some(stored) = sync.newest_schema(name)? {
                schemas.push((name.to_owned(), stored.document));
            } else {
                tracing::warn!(schema = name, "the destination has no such schema; it starts empty");
                missing.push(name.to_owned());
            }
        }
        Ok(Self { state, schemas, missing })
    }

    /// Names of the schemas.
    pub(crate) fn schema_names(&self) -> Vec<String> {
        self.schemas.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Makes state and schemas ours. What the destination does not know was made by loads that it has
    /// forgotten, as when a dataset was dropped, and goes.
    pub(crate) fn take_over(
        self,
        project: &Project,
        local: Option<&PipelineState>,
    ) -> Result<(), PipelineError> {
        let documents = project.store.documents();
        for (name, document) in &self.schemas {
            documents.replace_schema(name, document)?;
        }
        let names = self.schema_names();
        for name in documents.schema_names()?.into_iter().filter(|name| !names.contains(name)) {
            documents.remove_schema(&name)?;
        }
        let mut state = self.state;
        if let Some(local) = local {
            state.take_local_from(local);
        }
        state.set_first_run(false);
        // The destination has it, so it need not be loaded again.
        let hash = state.compute_hash();
        state.mark_extracted(&hash, &project.runtime.clock.now().to_rfc3339());
        documents.replace_state(&state.to_json())?;
        tracing::info!(version = state.version(), "state and schemas were restored from the destination");
        Ok(())
    }
}
