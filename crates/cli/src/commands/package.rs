//! `package list`, `show` (also its SQL) and `verify`.

use std::fmt::{self, Write};

use cartage_destinations_api::Connector;
use cartage_package_store::{Folder, JobState, LoadId, PublishedPackage};
use cartage_pipeline::{PipelineError, Project};
use serde::Serialize;

use super::show;
use super::status::line;
use crate::args::{Format, PackageArgs, PackageCommand, ShowArgs};
use crate::config::Start;
use crate::exit;
use crate::failure::Failure;
use crate::progress::{grouped, size};

pub(super) fn package(
    start: &Start<'_>,
    command: &PackageCommand,
    connector: Connector<'_>,
) -> Result<(), Failure> {
    let format = start.global.format;
    match command {
        PackageCommand::List(args) => list(&start.look(&args.file)?, format),
        PackageCommand::Show(ShowArgs { package, sql }) => {
            let project = start.look(&package.file)?;
            if *sql {
                show_sql(&project, package, connector, format)
            } else {
                show_one(&project, package, format)
            }
        }
        PackageCommand::Verify(args) => verify(&start.look(&args.file)?, args, format),
    }
}

fn list(project: &Project, format: Format) -> Result<(), Failure> {
    let packages = project.packages()?;
    show(format, &packages, || {
        let mut out = String::new();
        for package in &packages {
            writeln!(out, "{}", line(package))?;
        }
        if packages.is_empty() {
            writeln!(out, "no packages")?;
        }
        Ok(out)
    })
}

/// The folder and the id of each package that the arguments mean.
fn chosen(project: &Project, args: &PackageArgs) -> Result<Vec<(Folder, LoadId)>, PipelineError> {
    let mut found = Vec::new();
    for folder in Folder::ALL {
        found.extend(project.store.list(folder)?.into_iter().map(|load_id| (folder, load_id)));
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    let Some(wanted) = &args.load_id else { return Ok(found) };
    found.retain(|(_, load_id)| load_id.as_str() == wanted);
    if found.is_empty() {
        return Err(PipelineError::Usage {
            message: format!("the pipeline has no package {wanted}"),
            remedy: "`cartage package list` shows the packages".to_owned(),
        });
    }
    Ok(found)
}

/// A job as `show` tells it.
#[derive(Serialize)]
struct JobLine {
    job: String,
    state: &'static str,
    rows: u64,
    bytes: u64,
    reason: Option<String>,
}

fn show_one(project: &Project, args: &PackageArgs, format: Format) -> Result<(), Failure> {
    let Some((folder, load_id)) = chosen(project, args)?.pop() else {
        return show(format, &Vec::<JobLine>::new(), || Ok("no packages\n".to_owned()));
    };
    let package = project.store.open_package(folder, &load_id).map_err(PipelineError::from)?;
    let jobs = jobs(&package)?;
    match format {
        Format::Json => {
            let value = serde_json::json!({ "folder": folder.as_str(), "manifest": package.manifest(), "jobs": jobs });
            crate::output::print_json(&value)?;
        }
        Format::Text => crate::output::print(&text(&package, folder, &jobs)?)?,
    }
    Ok(())
}

/// A statement as `show --sql` tells it.
#[derive(Serialize)]
struct StatementLine<'a> {
    purpose: &'a str,
    sql: &'a str,
}

/// Shows what loading the newest normalized package, or the named one, runs.
fn show_sql(
    project: &Project,
    args: &PackageArgs,
    connector: Connector<'_>,
    format: Format,
) -> Result<(), Failure> {
    let chosen = chosen(project, args)?;
    let Some((_, load_id)) = chosen.into_iter().rfind(|(folder, _)| *folder == Folder::Normalized) else {
        return Err(Failure::from(PipelineError::Usage {
            message: "only a normalized package that is not yet loaded has statements to show".to_owned(),
            remedy: "`cartage extract` and `cartage normalize` make one".to_owned(),
        }));
    };
    let script = project.preview(&load_id, connector)?;
    let lines: Vec<_> = script
        .statements
        .iter()
        .map(|statement| StatementLine { purpose: &statement.purpose, sql: &statement.sql })
        .collect();
    show(format, &lines, || Ok(script.to_string()))
}

fn jobs(package: &PublishedPackage) -> Result<Vec<JobLine>, PipelineError> {
    let mut lines = Vec::new();
    for state in JobState::ALL {
        for name in package.jobs(state)? {
            let entry = package.file_entry(&name);
            let reason = if state == JobState::Failed { package.failure_reason(&name)? } else { None };
            lines.push(JobLine {
                job: name.to_string(),
                state: state.as_str(),
                rows: entry.map_or(0, |entry| entry.rows),
                bytes: entry.map_or(0, |entry| entry.bytes),
                reason,
            });
        }
    }
    Ok(lines)
}

fn text(package: &PublishedPackage, folder: Folder, jobs: &[JobLine]) -> Result<String, fmt::Error> {
    let manifest = package.manifest();
    let mut out = String::new();
    writeln!(
        out,
        "package {} in {folder}/, format {}, by {}",
        manifest.load_id, manifest.format, manifest.producer
    )?;
    writeln!(
        out,
        "  pipeline {}, schema {}, run {}",
        manifest.pipeline, manifest.schema_name, manifest.run_id
    )?;
    writeln!(out, "  made {} at {}", manifest.stage, manifest.created_at.format("%Y-%m-%d %H:%M:%S UTC"))?;
    writeln!(out, "  {}", package.path().display())?;
    for resource in &manifest.resources {
        writeln!(
            out,
            "  resource {} into {} ({})",
            resource.name, resource.table, resource.write_disposition
        )?;
    }
    for job in jobs {
        let JobLine { job, state, rows, bytes, reason } = job;
        writeln!(out, "  {state:<14} {job:<48} {:>12} rows  {:>9}", grouped(*rows), size(*bytes))?;
        if let Some(reason) = reason {
            writeln!(out, "    {}", reason.trim_end().replace('\n', "\n    "))?;
        }
    }
    for file in &manifest.quarantine {
        let place = package.path().join("quarantine").join(file.name.to_string());
        writeln!(out, "  quarantine     {} rows of {}: {}", grouped(file.rows), file.table, place.display())?;
    }
    Ok(out)
}

/// What `verify` found of one package.
#[derive(Serialize)]
struct Verified {
    load_id: String,
    folder: &'static str,
    damage: Option<String>,
}

fn verify(project: &Project, args: &PackageArgs, format: Format) -> Result<(), Failure> {
    let mut found = Vec::new();
    for (folder, load_id) in chosen(project, args)? {
        let checked = project.store.open_package(folder, &load_id).and_then(|package| package.verify());
        let damage = checked.err().map(|error| error.to_string());
        found.push(Verified { load_id: load_id.to_string(), folder: folder.as_str(), damage });
    }
    show(format, &found, || {
        let mut out = String::new();
        for Verified { load_id, folder, damage } in &found {
            writeln!(out, "{load_id}  {folder:<10}  {}", if damage.is_some() { "damaged" } else { "whole" })?;
        }
        Ok(out)
    })?;
    let damaged: Vec<_> = found.iter().filter_map(|verified| verified.damage.as_ref()).collect();
    for damage in &damaged {
        eprintln!("error: {damage}");
    }
    if damaged.is_empty() { Ok(()) } else { Err(Failure::Code(exit::DAMAGED)) }
}
