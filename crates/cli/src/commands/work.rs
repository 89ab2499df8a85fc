//! `run`, `extract`, `normalize` and `load`: they end with a summary.

use std::path::Path;

use cartage_destinations_api::Connector;
use cartage_pipeline::{ExtractOptions, PipelineError, Project, Refresh, RunOptions, RunReport};

use super::show;
use crate::args::{ExtractArgs, RunArgs};
use crate::config::Start;
use crate::exit;
use crate::failure::Failure;

/// What is to be done with a pipeline.
pub(crate) enum Work<'a> {
    /// All stages.
    Run(&'a RunArgs, Connector<'a>),
    /// The first.
    Extract(&'a ExtractArgs),
    /// The second.
    Normalize,
    /// The third.
    Load(Connector<'a>),
}

/// Does it, and tells what was done.
pub(crate) fn work(start: &Start<'_>, file: &Path, work: &Work<'_>) -> Result<(), Failure> {
    let project = start.open(start.config(file)?)?;
    let report = do_work(&project, work)?;
    tell(start, &report)
}

fn do_work(project: &Project, work: &Work<'_>) -> Result<RunReport, PipelineError> {
    match work {
        Work::Run(args, connector) => {
            let options =
                RunOptions { extract: extract_options(&args.extract)?, extract_again: args.extract_again };
            project.run(&options, *connector)
        }
        Work::Extract(args) => project.extract(&extract_options(args)?),
        Work::Normalize => project.normalize(),
        Work::Load(connector) => project.load(*connector),
    }
}

/// Prints the summary; jobs that failed for good make the exit code.
pub(super) fn tell(start: &Start<'_>, report: &RunReport) -> Result<(), Failure> {
    show(start.global.format, report, || Ok(report.to_string()))?;
    if report.failed_jobs.is_empty() { Ok(()) } else { Err(Failure::Code(exit::FAILED_JOBS)) }
}

pub(super) fn extract_options(args: &ExtractArgs) -> Result<ExtractOptions, PipelineError> {
    let refresh = match args.refresh.as_deref() {
        None if args.full_refresh => Some(Refresh::DropSources),
        None => None,
        Some("drop_sources") => Some(Refresh::DropSources),
        Some("drop_resources") => Some(Refresh::DropResources),
        Some("drop_data") => Some(Refresh::DropData),
        Some(other) => {
            return Err(PipelineError::Usage {
                message: format!("--refresh knows no mode \"{other}\""),
                remedy: "use drop_sources, drop_resources or drop_data".to_owned(),
            });
        }
    };
    Ok(ExtractOptions { resources: args.resources.clone(), limit: args.limit, refresh })
}
