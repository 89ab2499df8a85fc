//! The extract stage as a run carries it out: which sources and resources take part, and from where they start.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::time::Instant;

use cartage_extract::{
    ExtractReport, ExtractRequest, ExtractSettings, PackageLimits, ResourceLimit, ResourceSettings,
};
use cartage_package_store::{Folder, LoadId, Refresh, StageLock};
use cartage_runtime::CancelToken;
use cartage_schema::{Schema, normalize_schema_name};
use cartage_source_api::Source;
use cartage_state::PipelineState;

use crate::budget::Budget;
use crate::contracts;
use crate::error::PipelineError;
use crate::extract_options::{ExtractOptions, LeftOut};
use crate::interrupted_run::Interrupted;
use crate::project::Project;
use crate::report::{RunReport, Skipped, SourceFile};
use crate::schema_files::SchemaFiles;
use crate::source_input::SourceInput;
use crate::stages::{cores, producer};

/// What is extracted, and who hears of it.
pub(crate) struct Extraction<'a> {
    inputs: Vec<SourceInput<'a>>,
    options: &'a ExtractOptions,
    earlier: &'a Interrupted,
    run_id: &'a str,
    /// Hears of each package.
    published: Option<Sender<LoadId>>,
    /// Ends the work after the package that is being written.
    halt: CancelToken,
}

impl<'a> Extraction<'a> {
    pub(crate) fn new(
        inputs: Vec<SourceInput<'a>>,
        options: &'a ExtractOptions,
        earlier: &'a Interrupted,
        run_id: &'a str,
    ) -> Self {
        Self { inputs, options, earlier, run_id, published: None, halt: CancelToken::default() }
    }

    /// The same while other stages run.
    pub(crate) fn beside_others(self, published: Sender<LoadId>, halt: CancelToken) -> Self {
        Self { published: Some(published), halt, ..self }
    }
}

/// The file format of a run becomes a hint of its tables, as in dlt; it is part of the schema's hash.
fn mark_file_format(project: &Project, source: &mut Source) {
    if let Some(format) = project.config.pipeline.loader_file_format {
        for resource in &mut source.resources {
            resource.hints.file_format = Some(format.to_string());
        }
    }
}

/// Extracts all sources, one after the other.
pub(crate) fn extract(
    project: &Project,
    lock: &StageLock,
    extraction: Extraction<'_>,
    report: &mut RunReport,
) -> Result<(), PipelineError> {
    project.store.sweep(lock)?;
    let Extraction { inputs, options, earlier, run_id, published, halt } = extraction;
    check_resources(&inputs, &options.resources)?;
    let schemas: Vec<String> = inputs.iter().map(|input| normalize_schema_name(input.name())).collect();
    let inputs =
        if options.resources.is_empty() { inputs } else { made(inputs, &options.resources, project)? };
    for input in inputs {
        if halt.is_cancelled() {
            break;
        }
        let begin = Instant::now();
        let mut source = input.make(&project.runtime.random)?;
        contracts::lay_over(&project.config, &mut source)?;
        mark_file_format(project, &mut source);
        let name = source.name.clone();
        let taken = taken(&source, options, earlier, report);
        if taken.is_empty() {
            continue;
        }
        let base_schema = start_schema(project, &source, schemas.first())?;
        let request = ExtractRequest {
            store: &project.store,
            lock,
            base_schema,
            base_state: state_for(project, project.newest_state()?, &schemas)?,
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
        keep_hints(project, &done)?;
        add_extracted(report, &done, begin.elapsed().as_secs_f64());
        // Beside it normalize writes the file, which knows more.
        if !done.packages.is_empty() && published.is_none() {
            SchemaFiles::of(project)?.export(&done.schema)?;
        }
    }
    Ok(())
}

/// Keeps what resources without rows said about their tables, as dlt does: there is no package that could take it
/// along, and the next one may come from a run that says something else.
fn keep_hints(project: &Project, done: &ExtractReport) -> Result<(), PipelineError> {
    // What waits holds a schema that is not the pipeline's yet.
    let waits = |folder| Ok::<_, PipelineError>(!project.store.list(folder)?.is_empty());
    if !done.packages.is_empty() || waits(Folder::Normalized)? || waits(Folder::Extracted)? {
        return Ok(());
    }
    let mut schema = done.schema.clone();
    if schema.bump() {
        project.store.documents().replace_schema(&schema.name, &schema.to_json())?;
    }
    Ok(())
}

/// The resources that take part: those that are asked for, else those that are selected, without those that an
/// interrupted run has done.
fn taken(
    source: &Source,
    options: &ExtractOptions,
    earlier: &Interrupted,
    report: &mut RunReport,
) -> Vec<String> {
    let wanted = source.resources.iter().filter(|resource| {
        if options.resources.is_empty() {
            resource.selected
        } else {
            options.resources.contains(&resource.name)
        }
    });
    let names = wanted.map(|resource| resource.name.clone());
    names.filter(|name| !skip(&earlier.left_out, &source.name, name, report)).collect()
}

/// The schema that a source starts from. A source without an import file gets one where the settings want it.
fn start_schema(project: &Project, source: &Source, first: Option<&String>) -> Result<Schema, PipelineError> {
    let mut schema = project.base_schema(&source.name)?;
    let with_state = first == Some(&schema.name);
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
            report.package(load_id.as_str(), &manifest.schema_name, Folder::Extracted);
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

/// Checks that the resources that are asked for are there, as far as that is known before the sources are made.
///
/// # Errors
/// Which one is not there, and which ones are.
pub(crate) fn check_resources(inputs: &[SourceInput<'_>], wanted: &[String]) -> Result<(), PipelineError> {
    if inputs.iter().any(SourceInput::finds_resources) {
        return Ok(());
    }
    check_names(&inputs.iter().flat_map(SourceInput::resources).collect::<Vec<_>>(), wanted)
}

/// Checks that the resources that are asked for are among those that are known.
///
/// # Errors
/// Which one is not there, and which ones are.
pub(crate) fn check_names(known: &[&str], wanted: &[String]) -> Result<(), PipelineError> {
    match wanted.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(PipelineError::usage(
            format!("no source has a resource \"{unknown}\""),
            format!("the resources are {}", known.join(", ")),
        )),
    }
}

/// Makes all sources, and checks that the resources that are asked for are there before anything is read.
fn made<'a>(
    inputs: Vec<SourceInput<'a>>,
    wanted: &[String],
    project: &Project,
) -> Result<Vec<SourceInput<'a>>, PipelineError> {
    let make =
        |input: SourceInput<'_>| Ok(SourceInput::Handed(Box::new(input.make(&project.runtime.random)?)));
    let made: Vec<SourceInput<'a>> = inputs.into_iter().map(make).collect::<Result<_, PipelineError>>()?;
    check_names(&made.iter().flat_map(SourceInput::resources).collect::<Vec<_>>(), wanted)?;
    Ok(made)
}

impl Project {
    /// The schemas of the sources of the configuration.
    pub(crate) fn configured_schemas(&self) -> Vec<String> {
        self.config.sources.iter().map(|source| normalize_schema_name(&source.name)).collect()
    }
}

/// The newest state with what this configuration says about the pipeline, and with the schemas of a run.
pub(crate) fn state_for(
    project: &Project,
    known: Option<PipelineState>,
    schemas: &[String],
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
    let default = state.default_schema_name().map(str::to_owned).or_else(|| schemas.first().cloned());
    state.set_default_schema_name(default.as_deref());
    let names: Vec<String> =
        state.schema_names().into_iter().map(str::to_owned).chain(schemas.iter().cloned()).collect();
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
    let of_source = resource_settings(project, source, None)?;
    let mut of_resources = BTreeMap::new();
    for resource in &resources {
        let own = resource_settings(project, source, Some(resource))?;
        if own != of_source {
            of_resources.insert(resource.clone(), own);
        }
    }
    let budget = Budget::of(&project.config);
    let usual = ExtractSettings::default();
    let is_refreshed = earlier.refreshed.contains(&normalize_schema_name(source));
    Ok(ExtractSettings {
        workers: of_source.workers,
        max_parallel_items: of_source.max_parallel_items,
        next_item_mode: stage.next_item_mode,
        file_max_items: of_source.file_max_items,
        file_max_bytes: of_source.file_max_bytes,
        disable_compression: of_source.disable_compression,
        max_line_bytes: of_source.max_line_bytes,
        of_resources,
        limit: ResourceLimit { rows: options.limit, pages: None },
        resources: Some(resources),
        package: PackageLimits {
            max_rows: stage.package_max_rows,
            max_bytes: stage.package_max_bytes,
            max_seconds: stage.package_max_seconds,
        },
        refresh: refresh(project, options).filter(|_| !is_refreshed),
        compression_threads: budget.compression_threads(cores()),
        buffered_bytes: budget.buffered_rows(usual.buffered_bytes),
    })
}

/// What a source says for all of its resources, or for one of them.
fn resource_settings(
    project: &Project,
    source: &str,
    resource: Option<&str>,
) -> Result<ResourceSettings, PipelineError> {
    let stage = project.config.extract(Some(source), resource)?;
    let writer = project.config.extract_writer(Some(source), resource)?;
    Ok(ResourceSettings {
        workers: stage.workers,
        max_parallel_items: stage.max_parallel_items,
        file_max_items: writer.file_max_items,
        file_max_bytes: writer.file_max_bytes.unwrap_or(ExtractSettings::default().file_max_bytes),
        disable_compression: writer.disable_compression,
        max_line_bytes: Budget::of(&project.config).max_row_bytes(stage.max_row_bytes)?,
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
        if resource.left_out > 0 {
            *report.held_back.entry(resource.name.clone()).or_default() += resource.left_out;
        }
        if resource.rejected > 0 {
            *report.quarantined.entry(resource.table.clone()).or_default() += resource.rejected;
        }
    }
    for package in &done.packages {
        report.package(package.load_id.as_str(), &done.schema.name, Folder::Extracted);
    }
}
