//! `run`, `extract`, `normalize` and `load`: they end with a summary.

use std::path::Path;

use cartage_destinations_api::Connector;
use cartage_pipeline::{ExtractOptions, PipelineError, Project, Refresh, RunOptions, RunReport};

use super::pending::Again;
use super::show;
use crate::args::{ExtractArgs, FileArgs, RefreshArg, RunArgs};
use crate::config::Start;
use crate::exit;
use crate::failure::Failure;

/// Runs all stages and prints the summary.
pub(super) fn run(start: &Start<'_>, args: &RunArgs, connector: Connector<'_>) -> Result<(), Failure> {
    work(start, &args.extract.file.file, |project| {
        let options =
            RunOptions { extract: extract_options(&args.extract), extract_again: args.extract_again };
        project.run(&options, connector)
    })
}

/// `extract`: the sources to packages.
pub(crate) fn extract(start: &Start<'_>, args: &ExtractArgs) -> Result<(), Failure> {
    work(start, &args.file.file, |project| project.extract(&extract_options(args)))
}

/// `normalize`: extracted packages to typed ones.
pub(crate) fn normalize(start: &Start<'_>, args: &FileArgs) -> Result<(), Failure> {
    work(start, &args.file, Project::normalize)
}

/// `load`: normalized packages to the destination.
pub(crate) fn load(start: &Start<'_>, args: &FileArgs, connector: Connector<'_>) -> Result<(), Failure> {
    work(start, &args.file, |project| project.load(connector))
}

/// Does something with the pipeline of a file, and tells what was done.
fn work(
    start: &Start<'_>,
    file: &Path,
    stages: impl FnOnce(&Project) -> Result<RunReport, PipelineError>,
) -> Result<(), Failure> {
    let project = start.open(start.config(file)?)?;
    let report = stages(&project).map_err(|error| Again::File(file).after(&project, error))?;
    tell(start, &report)
}

/// Prints the summary; jobs that failed for good make the exit code.
pub(super) fn tell(start: &Start<'_>, report: &RunReport) -> Result<(), Failure> {
    show(start.global.format, report, || Ok(report.to_string()))?;
    if report.failed_jobs.is_empty() { Ok(()) } else { Err(Failure::Code(exit::FAILED_JOBS)) }
}

pub(super) fn extract_options(args: &ExtractArgs) -> ExtractOptions {
    let refresh = match args.refresh {
        None if args.full_refresh => Some(Refresh::DropSources),
        None => None,
        Some(RefreshArg::Sources) => Some(Refresh::DropSources),
        Some(RefreshArg::Resources) => Some(Refresh::DropResources),
        Some(RefreshArg::Data) => Some(Refresh::DropData),
    };
    ExtractOptions { resources: args.resources.clone(), limit: args.limit, refresh }
}
