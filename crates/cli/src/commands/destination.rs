//! `destination check` and `destination list`.

use std::fmt::{self, Write};

use cartage_destinations_api::{Capabilities, Connector, Inventory, KINDS, Outcome};
use cartage_pipeline::{DestinationReport, check_destination};

use super::{show, status};
use crate::args::Format;
use crate::config::Start;
use crate::destination_args::DestinationCommand;
use crate::failure::Failure;

pub(super) fn destination(
    start: &Start<'_>,
    command: &DestinationCommand,
    connector: Connector<'_>,
) -> Result<(), Failure> {
    match command {
        DestinationCommand::Check(args) => {
            let config = start.config(&args.file)?;
            let runtime = start.runtime(&config);
            let mut report = check_destination(config, runtime, connector)?;
            let failure = report.connection.failure.take();
            show(start.global.format, &report, || text(&report))?;
            failure.map_or(Ok(()), |error| Err(Failure::Pipeline(error.into())))
        }
        DestinationCommand::List => list(start.global.format),
    }
}

fn text(report: &DestinationReport) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let target = &report.target;
    writeln!(out, "{} at {}, dataset {}", target.destination, target.location, target.dataset)?;
    for step in &report.connection.steps {
        let outcome = match step.outcome {
            Outcome::Ok => "ok",
            Outcome::Failed => "FAILED",
            Outcome::Skipped => "-",
        };
        writeln!(out, "  {outcome:<6}  {:<18}  {}", step.needs, step.detail)?;
    }
    if let Some(found) = &report.connection.found {
        found_text(&mut out, found)?;
    }
    if !report.pending.is_empty() {
        writeln!(out, "pending on this machine, loaded by the next `cartage run`:")?;
        for package in &report.pending {
            writeln!(out, "  {}", status::line(package))?;
        }
    }
    Ok(out)
}

fn found_text(out: &mut String, found: &Inventory) -> fmt::Result {
    if found.tables.is_empty() {
        return writeln!(out, "no tables yet");
    }
    writeln!(out, "{} tables: {}", found.tables.len(), found.tables.join(", "))?;
    match &found.last_load {
        None => writeln!(out, "no complete load")?,
        Some(last) => {
            let at = last.recorded_at.as_deref().map(|at| format!(" at {at}")).unwrap_or_default();
            writeln!(
                out,
                "{} complete loads, the last {} of schema {}{at}",
                found.loads, last.load_id, last.schema
            )?;
        }
    }
    for pipeline in &found.pipelines {
        let (name, version) = (&pipeline.name, pipeline.state_version);
        writeln!(out, "pipeline {name} with state version {version} of load {}", pipeline.load_id)?;
    }
    for load in &found.in_flight {
        let (load_id, pipeline) = (&load.load_id, &load.pipeline);
        writeln!(out, "load {load_id} of pipeline {pipeline} was started but is not complete")?;
    }
    Ok(())
}

fn list(format: Format) -> Result<(), Failure> {
    let all: Vec<Capabilities> = KINDS.iter().map(|kind| (kind.capabilities)()).collect();
    show(format, &all, || {
        let mut out = String::new();
        for known in &all {
            let words = |words: Vec<String>| if words.is_empty() { "-".to_owned() } else { words.join(", ") };
            let merge = known.strategies.merge.iter().map(ToString::to_string).collect();
            let replace = known.strategies.replace.iter().map(ToString::to_string).collect();
            let formats = known.files.supported_formats.iter().map(ToString::to_string).collect();
            writeln!(out, "{}", known.destination)?;
            writeln!(out, "  files    {} ({} unless set)", words(formats), known.files.preferred_format)?;
            writeln!(out, "  replace  {}", words(replace))?;
            writeln!(out, "  merge    {}", words(merge))?;
            writeln!(
                out,
                "  rows     {}",
                if known.guarantees.exactly_once { "exactly once" } else { "at least once" }
            )?;
        }
        Ok(out)
    })
}
