//! `status` and what `abort` says.

use std::fmt::{self, Write};

use cartage_package_store::Folder;
use cartage_pipeline::{AbortReport, PackageLine, Project, Status, grouped, size};

use super::show;
use crate::args::Format;
use crate::failure::Failure;

pub(super) fn status(project: &Project, format: Format) -> Result<(), Failure> {
    let status = project.status()?;
    show(format, &status, || text(&status))
}

fn text(status: &Status) -> Result<String, fmt::Error> {
    let mut out = String::new();
    writeln!(out, "pipeline {} in {}", status.pipeline, status.folder)?;
    writeln!(
        out,
        "  into {}, dataset {}",
        status.destination.as_deref().unwrap_or("no destination"),
        status.dataset
    )?;
    for schema in &status.schemas {
        let hash = &schema.version_hash;
        writeln!(
            out,
            "  schema {} version {} with {} tables, hash {hash}",
            schema.name, schema.version, schema.tables
        )?;
    }
    if let Some(version) = status.state_version {
        writeln!(out, "  state version {version}")?;
    }
    let (done, waiting): (Vec<_>, Vec<_>) = status
        .packages
        .iter()
        .partition(|package| matches!(package.folder, Folder::Loaded | Folder::Aborted));
    writeln!(out, "{} loaded or aborted packages", done.len())?;
    let last = done.iter().rfind(|package| package.folder == Folder::Loaded);
    if let Some(last) = last {
        writeln!(out, "  the last: {}", line(last))?;
    }
    for aside in done.iter().filter(|package| package.reason.is_some()) {
        if last.is_none_or(|last| aside.load_id > last.load_id) {
            writeln!(out, "  {}", line(aside))?;
        }
    }
    if waiting.is_empty() {
        writeln!(out, "nothing is pending")?;
    } else {
        writeln!(out, "pending, finished by the next `cartage run` (or dropped by `cartage abort`):")?;
        for package in waiting {
            writeln!(out, "  {}", line(package))?;
        }
    }
    if let Some(run) = &status.interrupted_run {
        writeln!(out, "run {run} is in progress or was interrupted; the next `cartage run` finishes it")?;
    }
    Ok(out)
}

/// One package on one line.
pub(crate) fn line(package: &PackageLine) -> String {
    let PackageLine { load_id, folder, schema, rows, bytes, damage, reason } = package;
    let line = match damage {
        Some(damage) => format!("{load_id}  {folder:<10}  {damage}"),
        None => format!(
            "{load_id}  {folder:<10}  {:<16}  {:>12} rows  {:>9}",
            schema.as_deref().unwrap_or_default(),
            grouped(*rows),
            size(*bytes)
        ),
    };
    match reason {
        Some(reason) => format!("{line}\n    set aside: {}", reason.trim_end()),
        None => line,
    }
}

pub(super) fn abort(report: &AbortReport, format: Format) -> Result<(), Failure> {
    show(format, report, || {
        let mut out = String::new();
        if report.aborted.is_empty() {
            writeln!(out, "nothing was pending")?;
        }
        for load_id in &report.aborted {
            writeln!(out, "package {load_id} is aborted")?;
        }
        for load_id in &report.partly_loaded {
            writeln!(
                out,
                "note: some jobs of {load_id} had been loaded; the next load removes what it had appended"
            )?;
        }
        Ok(out)
    })
}
