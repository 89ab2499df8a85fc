//! A package as text for people.

use std::fmt::Write;

use anyhow::Result;
use cartage_package_store::{FileEntry, JobState, Package};
use serde_json::Value;

/// Everything that the manifest and the documents say, and how far the jobs are.
pub(super) fn describe(package: &Package) -> Result<String> {
    let manifest = package.manifest();
    let mut out = String::new();
    writeln!(
        out,
        "package   {} of pipeline {}, schema {}",
        manifest.load_id, manifest.pipeline, manifest.schema_name
    )?;
    writeln!(out, "written   {} by {} ({})", manifest.created_at, manifest.producer, manifest.stage)?;
    writeln!(out, "run       {}", manifest.run_id)?;
    writeln!(out, "format    {}", manifest.format)?;
    if let Some(parent) = &manifest.parent {
        writeln!(out, "made from {parent}")?;
    }
    if !manifest.settings.is_null() {
        writeln!(out, "settings  {}", manifest.settings)?;
    }
    for resource in &manifest.resources {
        let again = if resource.resumable { ", may be extracted again" } else { "" };
        writeln!(
            out,
            "resource  {} -> {} ({}{again})",
            resource.name, resource.table, resource.write_disposition
        )?;
    }
    files(&mut out, &manifest.files)?;
    jobs(&mut out, package)?;
    for entry in &manifest.quarantine {
        writeln!(out, "quarantined {} rows of {} in {}", entry.rows, entry.table, entry.name)?;
    }
    if let Some(update) = package.schema_update_json()? {
        schema_update(&mut out, &serde_json::from_str(&update)?)?;
    }
    Ok(out)
}

fn files(out: &mut String, files: &[FileEntry]) -> Result<()> {
    let sum = |number: fn(&FileEntry) -> u64| files.iter().map(number).sum::<u64>();
    let (rows, bytes, plain) =
        (sum(|file| file.rows), sum(|file| file.bytes), sum(|file| file.uncompressed_bytes));
    writeln!(out, "files     {}: {rows} rows, {bytes} bytes ({plain} before compression)", files.len())?;
    for file in files {
        writeln!(
            out,
            "  {:50} {:>10} rows {:>12} bytes  {}",
            file.name.to_string(),
            file.rows,
            file.bytes,
            file.checksum
        )?;
        for origin in &file.origins {
            writeln!(out, "    {} rows from {} line {}", origin.rows, origin.source, origin.first_line)?;
        }
    }
    Ok(())
}

fn jobs(out: &mut String, package: &Package) -> Result<()> {
    for state in JobState::ALL {
        let names = package.jobs(state)?;
        writeln!(out, "{:14} {}", state.as_str(), names.len())?;
        for name in names.iter().filter(|_| state == JobState::Failed) {
            let reason = package.failure_reason(name)?.unwrap_or_default();
            writeln!(out, "  {name}: {}", reason.trim())?;
        }
    }
    Ok(())
}

/// The tables and columns that the package brings.
fn schema_update(out: &mut String, update: &Value) -> Result<()> {
    for (table, content) in update.as_object().into_iter().flatten() {
        let columns = content["columns"].as_object().into_iter().flatten();
        let columns: Vec<String> = columns
            .map(|(name, column)| format!("{name} {}", column["data_type"].as_str().unwrap_or("?")))
            .collect();
        writeln!(out, "new in {table}: {}", columns.join(", "))?;
    }
    Ok(())
}
