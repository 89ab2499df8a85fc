//! Each stage as a command runs it: one source, or all packages that wait for it.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use cartage_destinations_api::Destination;
use cartage_extract::{
    ExtractReport, ExtractRequest, ExtractSettings, Limit, NextItemMode, PackageLimits, Refresh, Source,
};
use cartage_load::{LoadRequest, LoadSettings};
use cartage_normalize::{NormalizeRequest, NormalizeSettings};
use cartage_package_store::{Folder, LoadId, PublishedPackage, StageLock};
use cartage_runtime::{Cancel, Runtime, Stage, SystemRandom};
use cartage_schema::{Schema, normalize_schema_name};
use cartage_state::PipelineState;
use serde::{Deserialize, Serialize};

use crate::contracts;
use crate::error::PipelineError;
use crate::marker::Interrupted;
use crate::memory::parse;
use crate::project::Project;
use crate::report::{FailedJob, RunReport, Skipped, SourceFile};
use crate::schema_files::SchemaFiles;

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

/// What is extracted, and who hears of it.
pub(crate) struct Extraction<'a> {
    options: &'a ExtractOptions,
    earlier: &'a Interrupted,
    run_id: &'a str,
    /// Hears of each package.
    published: Option<Sender<LoadId>>,
    /// Ends the work behind the package that is being written.
    halt: Cancel,
}

impl<'a> Extraction<'a> {
    pub(crate) fn new(options: &'a ExtractOptions, earlier: &'a Interrupted, run_id: &'a str) -> Self {
        Self { options, earlier, run_id, published: None, halt: Cancel::default() }
    }

    /// The same while other stages are at work.
    pub(crate) fn beside_others(self, published: Sender<LoadId>, halt: Cancel) -> Self {
        Self { published: Some(published), halt, ..self }
    }
}

/// Name and version, as packages keep it.
pub(crate) fn producer() -> String {
    format!("cartage {}", env!("CARGO_PKG_VERSION"))
}

/// The file format of a run becomes a hint of its tables, as in dlt; it is part of the schema's hash.
fn mark_file_format(project: &Project, source: &mut Source) {
    if let Some(format) = &project.config.pipeline.loader_file_format {
        for resource in &mut source.resources {
            resource.hints.file_format = Some(format.clone());
        }
    }
}

/// Extracts all sources of the pipeline, one after the other.
pub(crate) fn extract(
    project: &Project,
    lock: &StageLock,
    extraction: Extraction<'_>,
    report: &mut RunReport,
) -> Result<(), PipelineError> {
    project.store.sweep(lock)?;
    let Extraction { options, earlier, run_id, published, halt } = extraction;
    check_resources(project, options)?;
    for settings in &project.config.sources {
        if halt.is_cancelled() {
            break;
        }
        let begin = Instant::now();
        let mut source = cartage_sources::build(settings)?;
        contracts::lay_over(&project.config, &mut source)?;
        mark_file_format(project, &mut source);
        let name = source.name.clone();
        let taken: Vec<String> = source
            .resources
            .iter()
            .map(|resource| resource.name.clone())
            .filter(|resource| options.resources.is_empty() || options.resources.contains(resource))
            .filter(|resource| !skip(&earlier.left_out, &name, resource, report))
            .collect();
        if taken.is_empty() {
            continue;
        }
        let base_schema = start_schema(project, &source)?;
        let request = ExtractRequest {
            store: &project.store,
            lock,
            base_schema,
            base_state: state_for(project, project.newest_state()?)?,
            settings: extract_settings(project, &name, options, earlier, taken)?,
            package_settings: project.package_settings()?,
            run_id: run_id.to_owned(),
            producer: producer(),
            runtime: project.runtime.clone(),
            published: published.clone(),
            halt: halt.clone(),
            source,
        };
        let done = cartage_extract::run(request).inspect_err(|_| note_published(project, run_id, report))?;
        add_extracted(report, &done, begin.elapsed().as_secs_f64());
        // Beside it normalize writes the file, which knows more.
        if !done.packages.is_empty() && published.is_none() {
            SchemaFiles::of(project)?.export(&done.schema)?;
        }
    }
    Ok(())
}

/// The schema that a source starts from. A source without an import file gets one where the settings want it.
fn start_schema(project: &Project, source: &Source) -> Result<Schema, PipelineError> {
    let mut schema = project.base_schema(&source.name)?;
    let first = project.config.sources.first().map(|source| normalize_schema_name(&source.name));
    let with_state = first.as_ref() == Some(&schema.name);
    if let Some(hash) = SchemaFiles::of(project)?.write_import(&schema, source, project, with_state)? {
        schema.imported_version_hash = Some(hash);
    }
    Ok(schema)
}

/// Notes what an extract published before it failed. What cannot be read now is found by who needs it.
fn note_published(project: &Project, run_id: &str, report: &mut RunReport) {
    for load_id in project.store.list(Folder::Extracted).unwrap_or_default() {
        let Ok(package) = project.store.open_package(Folder::Extracted, &load_id) else { continue };
        let manifest = package.manifest();
        if manifest.run_id == run_id {
            report.package(load_id.as_str(), &manifest.schema_name).state = Folder::Extracted.to_string();
        }
    }
}

/// What is dropped before: the command line comes before the file.
pub(crate) fn refresh(project: &Project, options: &ExtractOptions) -> Option<Refresh> {
    let asked = project.config.pipeline.refresh.map(|mode| match mode {
        cartage_config::RefreshMode::DropSources => Refresh::DropSources,
        cartage_config::RefreshMode::DropResources => Refresh::DropResources,
        _ => Refresh::DropData,
    });
    options.refresh.or(asked)
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
pub(crate) fn state_for(
    project: &Project,
    known: Option<PipelineState>,
) -> Result<PipelineState, PipelineError> {
    let mut state = known.unwrap_or_else(|| {
        // As in dlt, the empty state has a hash, so that the first one with content is version 1.
        let mut state = PipelineState::new(&project.config.pipeline.name);
        state.bump();
        state
    });
    let destination = project.destination()?;
    let kind = format!("dlt.destinations.{}", destination.kind);
    state.set_destination(Some(&kind), Some(&destination.name));
    state.set_dataset_name(Some(&project.dataset_name()?));
    state.local_mut().insert("_dev_mode".to_owned(), project.config.pipeline.dev_mode.into());
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
    earlier: &Interrupted,
    resources: Vec<String>,
) -> Result<ExtractSettings, PipelineError> {
    let stage = project.config.extract(Some(source), None)?;
    let writer = project.config.extract_writer(Some(source), None)?;
    let is_refreshed = earlier.refreshed.contains(&normalize_schema_name(source));
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
        refresh: refresh(project, options).filter(|_| !is_refreshed),
        ..ExtractSettings::default()
    })
}

pub(crate) fn add_extracted(report: &mut RunReport, done: &ExtractReport, seconds: f64) {
    let read = done.resources.iter().flat_map(|resource| &resource.inputs).map(|input| input.bytes).sum();
    report.add_discarded(&done.discards.list());
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
        normalize_one(project, lock, &load_id, report)?;
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
        settings: NormalizeSettings::default(),
        runtime: without_seed(project),
    })?;
    report.add_stage("normalize", begin.elapsed().as_secs_f64(), done.total_rows(), done.input_bytes);
    for (table, rows) in done.quarantined {
        *report.quarantined.entry(table).or_default() += rows;
    }
    report.add_discarded(&done.discards.list());
    report.add_null_columns(done.null_columns, &done.new_columns);
    if done.published {
        // Another process may have loaded it already, and the next package writes the file again.
        let read =
            |package: &PublishedPackage| Ok((package.manifest().schema_name.clone(), package.schema_json()?));
        if let Some((name, text)) = project.read_pending(Folder::Normalized, load_id, read)? {
            SchemaFiles::of(project)?.export(&parse(&name, &text)?)?;
        }
    }
    let state = if done.published { Folder::Normalized.as_str() } else { "discarded" };
    state.clone_into(&mut report.package(load_id.as_str(), &schema).state);
    Ok(done.published)
}

/// The runtime for stages that leave no trace of their randomness: they work beside extract, whose names of
/// files must not depend on who is faster.
fn without_seed(project: &Project) -> Runtime {
    Runtime { random: Arc::new(SystemRandom), ..project.runtime.clone() }
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
