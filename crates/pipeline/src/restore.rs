//! State and schemas of the destination, for a machine that has none: a new one, or one whose data folder
//! is gone. dlt's rules (reference/schema.md, 11.3): the newer state wins as a whole.

use cartage_destinations_api::{Destination, StateSync};
use cartage_load::Backoff;
use cartage_package_store::Folder;
use cartage_state::PipelineState;

use crate::error::PipelineError;
use crate::project::Project;

/// How often the destination is asked before its error is told.
const ATTEMPTS: u32 = 5;

/// Takes over the state that the destination has, if it is newer than ours and nothing is pending.
pub(crate) fn from_destination(
    project: &Project,
    destination: &dyn Destination,
) -> Result<(), PipelineError> {
    let Some(sync) = destination.state_sync().filter(|_| project.config.pipeline.restore_from_destination)
    else {
        return Ok(());
    };
    if has_pending(project)? {
        // Pending packages go on from the local state; a conflict shows when they are loaded.
        return Ok(());
    }
    let newest = || sync.newest_state(&project.config.pipeline.name);
    // A server that is about to come back is waited for, as while loading.
    let newest = Backoff::default().retry(ATTEMPTS, &project.runtime, newest)?;
    let Some(stored) = newest else { return Ok(()) };
    let remote = PipelineState::decode(&stored.encoded)
        .map_err(|error| PipelineError::State { reason: format!("at the destination: {error}") })?;
    match project.committed_state()? {
        Some(local) if !is_newer(&remote, &local) => Ok(()),
        local => take_over(project, sync, remote, local.as_ref()),
    }
}

fn has_pending(project: &Project) -> Result<bool, PipelineError> {
    for folder in [Folder::Extracted, Folder::Normalized] {
        if !project.store.list(folder)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
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
