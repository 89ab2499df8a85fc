//! `plan`.

use std::fmt::{self, Write};

use cartage_destinations_api::Connector;
use cartage_pipeline::{PlanOptions, PlanReport, PlannedPackage, grouped, left_out};

use super::show;
use super::work::extract_options;
use crate::config::Start;
use crate::failure::Failure;
use crate::manage_args::PlanArgs;

pub(super) fn plan(start: &Start<'_>, args: &PlanArgs, connector: Connector<'_>) -> Result<(), Failure> {
    let options = PlanOptions {
        package: args.package.clone(),
        extract: extract_options(&args.extract),
        extract_again: args.extract_again,
    };
    let project = start.open(start.config(&args.extract.file.file)?)?;
    let report = project.plan(&options, connector)?;
    show(start.global.format, &report, || text(&report))
}

fn text(report: &PlanReport) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let target = &report.target;
    writeln!(
        out,
        "-- a run of pipeline {} would load {} packages into {} {}, dataset {}",
        report.pipeline,
        report.packages.len(),
        target.destination,
        target.location,
        target.dataset
    )?;
    if !report.compared {
        writeln!(
            out,
            "-- the tables at the destination were not inspected: the plan assumes that there are none"
        )?;
    }
    for package in &report.packages {
        one(&mut out, package)?;
    }
    for skipped in &report.skipped {
        writeln!(out, "\n-- left out: {}.{}: {}", skipped.source, skipped.resource, skipped.reason)?;
    }
    for (table, rows) in &report.quarantined {
        writeln!(out, "-- quarantined: {} rows of {table}", grouped(*rows))?;
    }
    for discarded in &report.discarded {
        writeln!(out, "-- {}", left_out(discarded))?;
    }
    for (table, columns) in &report.null_columns {
        writeln!(out, "-- only nulls, so not created: {table}: {}", columns.join(", "))?;
    }
    for warning in &report.warnings {
        writeln!(out, "-- warning: {warning}")?;
    }
    Ok(out)
}

fn one(out: &mut String, package: &PlannedPackage) -> fmt::Result {
    let which = if package.pending {
        format!("pending package {}", package.load_id)
    } else {
        "new package".to_owned()
    };
    writeln!(out, "\n-- {which}, schema {}", package.schema)?;
    for (table, rows) in &package.rows {
        writeln!(out, "--   {table:<40} {:>12} rows", grouped(*rows))?;
    }
    for change in &package.schema_changes {
        writeln!(out, "--   {}", super::schema::change_text(change))?;
    }
    for statement in package.statements.iter().flatten() {
        writeln!(out, "\n-- {}\n{};", statement.purpose, statement.sql)?;
    }
    if package.statements.is_none() {
        writeln!(out, "--   the destination does not use SQL")?;
    }
    Ok(())
}
