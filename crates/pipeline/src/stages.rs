//! Normalize and load as a run carries them out: all packages that wait.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use cartage_destinations_api::Destination;
use cartage_load::{LoadRequest, LoadSettings};
use cartage_normalize::NormalizeRequest;
use cartage_package_store::{Folder, LoadId, Package, StageLock};
use cartage_runtime::{Runtime, Stage, SystemRandom};

use crate::budget::Budget;
use crate::contracts;
use crate::error::PipelineError;
use crate::newest::parse;
use crate::project::Project;
use crate::report::{FailedJob, PackageState, RunReport};
use crate::schema_files::SchemaFiles;
use crate::set_aside::{self, Aside};

/// Name and version, as packages keep it.
pub(crate) fn producer() -> String {
    format!("cartage {}", env!("CARGO_PKG_VERSION"))
}

/// Normalizes every extracted package, the oldest first. One that can never be normalized is set aside.
pub(crate) fn normalize(
    project: &Project,
    lock: &StageLock,
    aside: Aside,
    report: &mut RunReport,
) -> Result<(), PipelineError> {
    project.store.sweep(lock)?;
    for load_id in project.store.list(Folder::Extracted)? {
        normalize_one(project, lock, &load_id, report)
            .map_err(|error| set_aside::if_hopeless(project, aside, &load_id, error))?;
    }
    Ok(())
}

/// Normalizes a package. False if nothing was in it.
pub(crate) fn normalize_one(
    project: &Project,
    lock: &StageLock,
    load_id: &LoadId,
    report: &mut RunReport,
) -> Result<bool, PipelineError> {
    let begin = Instant::now();
    let package = project.store.open_package(Folder::Extracted, load_id)?;
    let schema = package.manifest().schema_name.clone();
    let done = cartage_normalize::run(&NormalizeRequest {
        store: &project.store,
        lock,
        load_id,
        base_schema: project.normalized_schema(&schema, load_id)?,
        contracts: contracts::current(project, &package)?,
        workers: workers(project),
        settings: Budget::of(&project.config).normalize(),
        runtime: without_seed(project),
    })?;
    report.add_stage("normalize", begin.elapsed().as_secs_f64(), done.total_rows(), done.input_bytes);
    for (table, rows) in done.quarantined {
        *report.quarantined.entry(table).or_default() += rows;
    }
    report.warnings.extend(done.shared_names.iter().map(ToString::to_string));
    report.warnings.extend(done.nulled_numbers.iter().map(ToString::to_string));
    report.add_discarded(&done.discards.list());
    report.add_null_columns(done.null_columns, &done.new_columns);
    if done.published {
        // Another process may have loaded it already, and the next package writes the file again.
        let read = |package: &Package| Ok((package.manifest().schema_name.clone(), package.schema_json()?));
        if let Some((name, text)) = project.read_pending(Folder::Normalized, load_id, read)? {
            SchemaFiles::of(project)?.export(&parse(&name, &text)?)?;
        }
    }
    let state = if done.published { PackageState::Normalized } else { PackageState::Discarded };
    report.package(load_id.as_str(), &schema, state);
    Ok(done.published)
}

/// The runtime for stages that leave no trace of their randomness: they work beside extract, whose names of
/// files must not depend on who is faster.
fn without_seed(project: &Project) -> Runtime {
    Runtime { random: Arc::new(SystemRandom), ..project.runtime.clone() }
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Threads that parse and encode: as many as the machine has cores, unless the settings say otherwise.
fn workers(project: &Project) -> usize {
    let wanted = project.config.normalize.workers.map_or_else(cores, NonZeroUsize::get);
    Budget::of(&project.config).normalize_workers(wanted)
}

/// Loads every normalized package, the oldest first.
pub(crate) fn load(
    project: &Project,
    lock: &StageLock,
    destination: &dyn Destination,
    report: &mut RunReport,
) -> Result<(), PipelineError> {
    project.store.sweep(lock)?;
    for load_id in project.store.list(Folder::Normalized)? {
        load_one(project, lock, destination, &load_id, report)?;
    }
    Ok(())
}

pub(crate) fn load_one(
    project: &Project,
    lock: &StageLock,
    destination: &dyn Destination,
    load_id: &LoadId,
    report: &mut RunReport,
) -> Result<(), PipelineError> {
    let begin = Instant::now();
    let done = cartage_load::run(LoadRequest {
        store: &project.store,
        lock,
        load_id,
        destination,
        settings: &load_settings(project),
        runtime: &without_seed(project),
    })?;
    report.add_stage("load", begin.elapsed().as_secs_f64(), done.rows(), done.bytes());
    for (table, loaded) in &done.tables {
        *report.tables.entry(table.clone()).or_default() += loaded.rows;
    }
    report.warnings.extend(done.warnings);
    report.failed_jobs.extend(done.failed_jobs.into_iter().map(|failed| FailedJob {
        load_id: done.load_id.clone(),
        job: failed.job,
        reason: failed.reason,
    }));
    let package = report.package(&done.load_id, &done.schema_name, Folder::Loaded);
    package.new_tables = done.created_tables.into_iter().filter(|table| !table.starts_with("_dlt")).collect();
    Ok(())
}

pub(crate) fn load_settings(project: &Project) -> LoadSettings {
    let given = &project.config.load;
    LoadSettings {
        workers: given.workers,
        raise_on_failed_jobs: given.raise_on_failed_jobs,
        raise_on_max_retries: given.raise_on_max_retries.try_into().unwrap_or(std::num::NonZeroU32::MAX),
        delete_completed_jobs: given.delete_completed_jobs,
        truncate_staging_dataset: given.truncate_staging_dataset,
        check_state: project.config.pipeline.restore_from_destination,
        parallelism_strategy: given.parallelism_strategy,
        ..LoadSettings::default()
    }
}

/// Takes the lock of a stage.
pub(crate) fn lock(project: &Project, stage: Stage) -> Result<StageLock, PipelineError> {
    Ok(project.store.lock(stage, project.wait)?)
}
