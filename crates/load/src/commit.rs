//! The end of a load: what the package says becomes what the pipeline knows.

use cartage_package_store::{JobState, Normalized, PackageStore, PublishedPackage, StageLock};

use crate::error::{LoadError, store_error};
use crate::job::LoadJob;

/// Writes the schema and the state of a package that the destination has recorded as complete, and
/// moves the package to `loaded/`. Each step can be repeated; the move is the last one.
pub(crate) fn write_back(
    store: &PackageStore,
    package: PublishedPackage<Normalized>,
    lock: &StageLock,
    jobs: &[LoadJob],
    delete_completed_jobs: bool,
) -> Result<(), LoadError> {
    let load_id = package.load_id().clone();
    let failed = store_error(&load_id);
    let locked = package.lock_jobs(lock).map_err(&failed)?;
    for job in jobs.iter().filter(|job| !job.is_settled()) {
        // The destination has recorded the load, so these were loaded by a process that ended early.
        if job.state == JobState::New {
            locked.start(&job.name).map_err(&failed)?;
        }
        locked.complete(&job.name).map_err(&failed)?;
    }
    let documents = store.documents();
    let schema = package.schema_json().map_err(&failed)?;
    documents.replace_schema(&package.manifest().schema_name, &schema).map_err(&failed)?;
    if let Some(state) = package.state_json().map_err(&failed)? {
        documents.replace_state(&state).map_err(&failed)?;
    }
    let has_failed_jobs = jobs.iter().any(|job| job.state == JobState::Failed);
    if delete_completed_jobs && !has_failed_jobs {
        locked.delete_completed().map_err(&failed)?;
    }
    package.finish_load(lock).map_err(&failed)?;
    Ok(())
}
