//! `drop`.

use std::fmt::{self, Write as _};
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use cartage_destinations_api::Connector;
use cartage_pipeline::{DropOptions, DropPlan, DropReport, PipelineError};
use cartage_state::{PathError, StatePath};

use super::pending::Again;
use super::show;
use crate::config::Start;
use crate::failure::Failure;
use crate::manage_args::DropArgs;

pub(super) fn drop(start: &Start<'_>, args: &DropArgs, connector: Connector<'_>) -> Result<(), Failure> {
    let options = DropOptions {
        resources: args.resources.clone(),
        source: args.source.clone(),
        all: args.drop_all,
        state_paths: paths(&args.state_paths)?,
        state_only: args.state_only,
    };
    let format = start.global.format;
    if args.dry_run {
        let plan = start.look(&args.file.file)?.plan_drop(&options, connector)?;
        return show(format, &DropReport { plan: plan.clone(), load_id: None }, || text(&plan, "would be"));
    }
    let project = start.open(start.config(&args.file.file)?)?;
    let report = project
        .drop(&options, connector, &mut |plan| if args.yes { Ok(true) } else { ask(plan) })
        .map_err(|error| Again::File(&args.file.file).after(&project, error))?;
    show(format, &report, || {
        let mut out = text(&report.plan, if report.load_id.is_some() { "is" } else { "would be" })?;
        match &report.load_id {
            Some(load_id) => writeln!(out, "done by load {load_id}")?,
            None if !report.plan.is_empty() => writeln!(out, "nothing was done")?,
            None => {}
        }
        Ok(out)
    })
}

fn paths(texts: &[String]) -> Result<Vec<StatePath>, PipelineError> {
    let parse = |text: &String| {
        text.parse().map_err(|error: PathError| PipelineError::Usage {
            message: error.to_string(),
            remedy: "write names with dots between them, as `cartage state show` does".to_owned(),
        })
    };
    texts.iter().map(parse).collect()
}

/// Asks the person at the terminal.
fn ask(plan: &DropPlan) -> Result<bool, PipelineError> {
    let unanswered = || PipelineError::Usage {
        message: "drop needs confirmation".to_owned(),
        remedy: "check with --dry-run, then confirm with --yes".to_owned(),
    };
    if !std::io::stdin().is_terminal() {
        return Err(unanswered());
    }
    eprint!("{}Go on? [y/N] ", text(plan, "will be").unwrap_or_default());
    std::io::stderr().flush().ok();
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(|_| unanswered())?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn text(plan: &DropPlan, verb: &str) -> Result<String, fmt::Error> {
    let mut out = String::new();
    for table in &plan.tables {
        writeln!(out, "table {}.{table} {verb} dropped", plan.dataset)?;
    }
    for table in &plan.schema_only_tables {
        writeln!(
            out,
            "table {table} {verb} dropped from schema {}; nothing was loaded into it",
            plan.schema
        )?;
    }
    for resource in &plan.resource_states {
        writeln!(out, "state of resource {resource} {verb} forgotten")?;
    }
    for path in &plan.state_paths {
        writeln!(out, "state of source {} at {path} {verb} forgotten", plan.schema)?;
    }
    for warning in &plan.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    if plan.is_empty() {
        writeln!(out, "there is nothing to drop")?;
    }
    Ok(out)
}
