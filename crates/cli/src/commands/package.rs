//! `package list`, `show` (also its SQL) and `verify`.

use std::fmt::Write;

use cartage_destinations_api::Connector;
use cartage_package_store::{Folder, LoadId};
use cartage_pipeline::{PipelineError, Project, StatementText};
use serde::Serialize;

use super::show;
use super::status::line;
use crate::args::{Format, PackageArgs, PackageCommand, ShowArgs};
use crate::config::Start;
use crate::exit;
use crate::failure::Failure;
use crate::output;

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

fn show_one(project: &Project, args: &PackageArgs, format: Format) -> Result<(), Failure> {
    let Some((folder, load_id)) = chosen(project, args)?.pop() else {
        return show(format, &Vec::<String>::new(), || Ok("no packages\n".to_owned()));
    };
    let package = project.store.open_package(folder, &load_id).map_err(PipelineError::from)?;
    let description = package.describe().map_err(PipelineError::from)?;
    show(format, &description, || Ok(description.to_string()))
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
    show(format, &StatementText::all(&script), || Ok(script.to_string()))
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
        output::tell(&format!("error: {damage}"));
    }
    if damaged.is_empty() { Ok(()) } else { Err(Failure::Code(exit::DAMAGED)) }
}
