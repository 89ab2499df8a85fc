//! Each stage as a command runs it: one source, or all packages that wait for it.

use std::time::Instant;

use cartage_destinations_api::Destination;
use cartage_extract::{
    ExtractReport, ExtractRequest, ExtractSettings, Limit, NextItemMode, PackageLimits, Refresh,
};
use cartage_load::{LoadRequest, LoadSettings};
use cartage_normalize::{NormalizeRequest, NormalizeSettings};
use cartage_package_store::{Folder, LoadId, StageLock};
use cartage_runtime::Stage;
use cartage_schema::normalize_schema_name;
use cartage_state::PipelineState;
use serde::{Deserialize, Serialize};

use crate::error::PipelineError;
use crate::project::Project;
use crate::refuse;
use crate::report::{FailedJob, RunReport, Skipped, SourceFile};

/// What a user says on the command line about extracting.
#[derive(Clone, Debug, Default)]
pub struct ExtractOptions {
    /// Only these resources; all where empty.
    pub resources: Vec<String>,
    /// At most this many rows of each resource.
    pub limit: Option<u64>,
    /// What is dropped before.
    pub refresh: Option<Refresh>,
}

/// A resource that is left out of this run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct LeftOut {
    pub(crate) schema: String,
    pub(crate) resource: String,
}

/// Name and version, as packages keep it.
fn producer() -> String {
    format!("cartage {}", env!("CARGO_PKG_VERSION"))
}

/// Extracts all sources of the pipeline, one package each.
pub(crate) fn extract(
    project: &Project,
    lock: &StageLock,
    options: &ExtractOptions,
    left_out: &[LeftOut],
    run_id: &str,
    report: &mut RunReport,
) -> Result<(), PipelineError> {
    project.store.sweep(lock)?;
    check_resources(project, options)?;
    for settings in &project.config.sources {
        let begin = Instant::now();
        let source = cartage_sources::build(settings)?;
        refuse::contracts(&source)?;
        let name = source.name.clone();
        let taken: Vec<String> = source
            .resources
            .iter()
            .map(|resource| resource.name.clone())
            .filter(|resource| options.resources.is_empty() || options.resources.contains(resource))
            .filter(|resource| !skip(left_out, &name, resource, report))
            .collect();
        if taken.is_empty() {
            continue;
        }
        let request = ExtractRequest {
            store: &project.store,
            lock,
            base_schema: project.base_schema(&name)?,
            base_state: state_for(project, project.newest_state()?)?,
            settings: extract_settings(project, &name, options, taken)?,
            package_settings: project.package_settings()?,
            run_id: run_id.to_owned(),
            producer: producer(),
            runtime: project.runtime.clone(),
            published: None,
            source,
        };
        let done = cartage_extract::run(request)?;
        add_extracted(report, &done, begin.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Notes that a resource is left out, if it is.
fn skip(left_out: &[LeftOut], source: &str, resource: &str, report: &mut RunReport) -> bool {
    let found =
        left_out.iter().any(|left| left.schema == normalize_schema_name(source) && left.resource == resource);
    if found {
        report.skipped.push(Skipped {
            source: source.to_owned(),
            resource: resource.to_owned(),
            reason:
                "an interrupted run had extracted it already, and a second append would double its rows; \
                     run again for new rows, or force it with --extract-again"
                    .to_owned(),
        });
    }
    found
}

fn check_resources(project: &Project, options: &ExtractOptions) -> Result<(), PipelineError> {
    let sources = &project.config.sources;
    if sources.is_empty() {
        return Err(PipelineError::usage(
            format!("{} has no sources", project.config.file().display()),
            "add a table [sources.NAME] with type = \"files\"",
        ));
    }
    let known: Vec<&str> =
        sources.iter().flat_map(|source| &source.resources).map(|resource| resource.name.as_str()).collect();
    match options.resources.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(PipelineError::usage(
            format!("no source has a resource \"{unknown}\""),
            format!("the resources are {}", known.join(", ")),
        )),
    }
}

/// The newest state with what this configuration says about the pipeline.
fn state_for(project: &Project, known: Option<PipelineState>) -> Result<PipelineState, PipelineError> {
    let mut state = known.unwrap_or_else(|| {
        // As in dlt, the empty state has a hash, so that the first one with content is version 1.
        let mut state = PipelineState::new(&project.config.pipeline.name);
        state.bump();
        state
    });
    let destination = project.destination()?;
    let kind = format!("dlt.destinations.{}", destination.kind);
    state.set_destination(Some(&kind), Some(&destination.name));
    state.set_dataset_name(Some(&project.config.pipeline.dataset_name));
    let schemas: Vec<String> =
        project.config.sources.iter().map(|source| normalize_schema_name(&source.name)).collect();
    let default = state.default_schema_name().map(str::to_owned).or_else(|| schemas.first().cloned());
    state.set_default_schema_name(default.as_deref());
    let names: Vec<String> = state.schema_names().into_iter().map(str::to_owned).chain(schemas).collect();
    state.set_schema_names(names.iter().map(String::as_str));
    Ok(state)
}

fn extract_settings(
    project: &Project,
    source: &str,
    options: &ExtractOptions,
    resources: Vec<String>,
) -> Result<ExtractSettings, PipelineError> {
    let stage = project.config.extract(Some(source), None)?;
    let writer = project.config.extract_writer(Some(source), None)?;
    let asked = project.config.pipeline.refresh.map(|mode| match mode {
        cartage_config::RefreshMode::DropSources => Refresh::DropSources,
        cartage_config::RefreshMode::DropResources => Refresh::DropResources,
        _ => Refresh::DropData,
    });
    Ok(ExtractSettings {
        workers: stage.workers,
        max_parallel_items: stage.max_parallel_items,
        next_item_mode: match stage.next_item_mode {
            cartage_config::NextItemMode::Fifo => NextItemMode::Fifo,
            _ => NextItemMode::RoundRobin,
        },
        file_max_items: writer.file_max_items,
        file_max_bytes: writer.file_max_bytes,
        disable_compression: writer.disable_compression,
        limit: Limit { rows: options.limit, pages: None },
        resources: Some(resources),
        package: PackageLimits {
            max_rows: stage.package_max_rows,
            max_bytes: stage.package_max_bytes,
            max_seconds: stage.package_max_seconds,
        },
        refresh: options.refresh.or(asked),
        ..ExtractSettings::default()
    })
}

fn add_extracted(report: &mut RunReport, done: &ExtractReport, seconds: f64) {
    let read = done.resources.iter().flat_map(|resource| &resource.inputs).map(|input| input.bytes).sum();
    report.add_stage("extract", seconds, done.rows(), read);
    for resource in &done.resources {
        report
            .warnings
            .extend(resource.warnings.iter().map(|warning| format!("{}: {warning}", resource.name)));
        report.files.extend(resource.inputs.iter().map(|input| SourceFile {
            path: input.name.clone(),
            resource: resource.name.clone(),
            bytes: input.bytes,
            rows: input.rows,
        }));
        if resource.rejected > 0 {
            *report.quarantined.entry(resource.table.clone()).or_default() += resource.rejected;
        }
    }
    for package in &done.packages {
        report.package(package.load_id.as_str(), &done.schema.name).state = Folder::Extracted.to_string();
    }
}

/// Normalizes every extracted package, the oldest first.
pub(crate) fn normalize(
    project: &Project,
    lock: &StageLock,
    report: &mut RunReport,
) -> Result<(), PipelineError> {
    project.store.sweep(lock)?;
    for load_id in project.store.list(Folder::Extracted)? {
        let begin = Instant::now();
        let package = project.store.open_package(Folder::Extracted, &load_id)?;
        let schema = package.manifest().schema_name.clone();
        let done = cartage_normalize::run(&NormalizeRequest {
            store: &project.store,
            lock,
            load_id: &load_id,
            base_schema: project.normalized_schema(&schema, &load_id)?,
            workers: workers(project),
            settings: NormalizeSettings::default(),
            runtime: project.runtime.clone(),
        })?;
        report.add_stage("normalize", begin.elapsed().as_secs_f64(), done.total_rows(), done.input_bytes);
        for (table, rows) in done.quarantined {
            *report.quarantined.entry(table).or_default() += rows;
        }
        report.null_columns.extend(done.null_columns);
        let state = if done.published { Folder::Normalized.as_str() } else { "discarded" };
        state.clone_into(&mut report.package(load_id.as_str(), &schema).state);
    }
    Ok(())
}

/// Threads that parse and encode: as many as the machine has cores, unless the settings say otherwise.
fn workers(project: &Project) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    project.config.normalize.workers.map_or_else(cores, std::num::NonZeroUsize::get)
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

fn load_one(
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
        runtime: &project.runtime,
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
    let package = report.package(&done.load_id, &done.schema_name);
    package.state = Folder::Loaded.to_string();
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
        check_state: project.config.pipeline.restore_from_destination,
        parallelism_strategy: given.parallelism_strategy.map(|strategy| match strategy {
            cartage_config::ParallelismStrategy::TableSequential => {
                cartage_destinations_api::Parallelism::TableSequential
            }
            cartage_config::ParallelismStrategy::Sequential => {
                cartage_destinations_api::Parallelism::Sequential
            }
            _ => cartage_destinations_api::Parallelism::Parallel,
        }),
        ..LoadSettings::default()
    }
}

/// Takes the lock of a stage.
pub(crate) fn lock(project: &Project, stage: Stage) -> Result<StageLock, PipelineError> {
    Ok(project.store.lock(stage, project.wait)?)
}
