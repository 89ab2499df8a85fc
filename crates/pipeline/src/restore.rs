//! State and schemas of the destination, for a machine that has none: a new one, or one whose data folder
//! is gone. dlt's rules (reference/schema.md, 11.3): the newer state wins as a whole.

use cartage_destinations_api::{Destination, StateSync, StoredState};
use cartage_package_store::{Folder, LoadId};
use cartage_state::PipelineState;

use crate::error::PipelineError;
use crate::project::Project;
use crate::stages;

/// Takes over the state that the destination has, if it is newer than ours. Packages that are pending go on
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
    let pipeline = &project.config.pipeline.name;
    let settings = stages::load_settings(project);
    let newest = || sync.newest_state(pipeline);
    let attempts = settings.raise_on_max_retries.get();
    let Some(stored) = settings.backoff.retry(attempts, &project.runtime, newest)? else { return Ok(None) };
    let mut warning = None;
    let pending = pending(project)?;
    if !pending.is_empty() {
        if !is_overtaken(project, &pending, &stored)? {
            return Ok(None);
        }
        let dropped = project.drop_pending()?.aborted.join(", ");
        warning = Some(format!(
            "load {} of another machine has moved the state of pipeline {pipeline}: what was pending here \
             ({dropped}) is in aborted/, and its rows are extracted again",
            stored.load_id
        ));
    }
    let remote = PipelineState::decode(&stored.encoded)
        .map_err(|error| PipelineError::State { reason: format!("at the destination: {error}") })?;
    match project.committed_state()? {
        Some(local) if !is_newer(&remote, &local) => {}
        local => take_over(project, sync, remote, local.as_ref())?,
    }
    Ok(warning)
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

fn is_newer(remote: &PipelineState, local: &PipelineState) -> bool {
    remote.version() >= local.version() && remote.version_hash() != local.version_hash()
}

fn take_over(
    project: &Project,
    sync: &dyn StateSync,
    mut remote: PipelineState,
    local: Option<&PipelineState>,
) -> Result<(), PipelineError> {
    let documents = project.store.documents();
    let mut names = Vec::new();
    for name in remote.schema_names() {
        if let Some(stored) = sync.newest_schema(name)? {
            documents.replace_schema(name, &stored.document)?;
            names.push(name.to_owned());
        } else {
            tracing::warn!(schema = name, "the destination has no such schema; it starts empty");
        }
    }
    // What the destination does not know was made by loads that it has forgotten, as when a dataset was dropped.
    for name in documents.schema_names()?.into_iter().filter(|name| !names.contains(name)) {
        documents.remove_schema(&name)?;
    }
    if let Some(local) = local {
        remote.take_local_from(local);
    }
    remote.set_first_run(false);
    // The destination has it, so it need not be loaded again.
    let hash = remote.compute_hash();
    remote.mark_extracted(&hash, &project.runtime.clock.now().to_rfc3339());
    documents.replace_state(&remote.to_json())?;
    tracing::info!(version = remote.version(), "state and schemas were restored from the destination");
    Ok(())
}
