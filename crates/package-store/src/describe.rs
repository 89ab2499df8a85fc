//! A package for people: what the manifest says, how far each job is, what the package brings. `cartage package
//! show` and `cargo xtask inspect` print the same.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::format::JobState;
use crate::handoff::PackageSettings;
use crate::manifest::Manifest;
use crate::package::Package;

/// A package for people. As text it is what `cartage package show` prints.
#[derive(Clone, Debug, Serialize)]
pub struct PackageDescription {
    /// Path of the package folder.
    pub path: String,
    /// What was written about it.
    pub manifest: Manifest,
    /// Why it was set aside, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
    /// Its jobs, those that wait first.
    pub jobs: Vec<JobDescription>,
    /// Columns that are new with this package, with their types, by table.
    pub new_columns: BTreeMap<String, Vec<String>>,
}

/// A job of a package.
#[derive(Clone, Debug, Serialize)]
pub struct JobDescription {
    /// Name of its job file.
    pub job: String,
    /// The folder that the file is in.
    pub state: &'static str,
    /// Rows of the file.
    pub rows: u64,
    /// Size on disk, in bytes.
    pub bytes: u64,
    /// Checksum of the bytes on disk.
    pub checksum: String,
    /// Where its rows come from: source, first line, rows.
    pub origins: Vec<String>,
    /// Why it failed, if it did.
    pub reason: Option<String>,
}

impl Package {
    /// Describes the package. Files of rows are not opened.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Damaged`] where a document is.
    pub fn describe(&self) -> Result<PackageDescription, Error> {
        let mut jobs = Vec::new();
        for state in JobState::ALL {
            for name in self.jobs(state)? {
                let entry = self.file_entry(&name);
                let reason = if state == JobState::Failed { self.failure_reason(&name)? } else { None };
                let origins = entry.into_iter().flat_map(|entry| &entry.origins);
                jobs.push(JobDescription {
                    job: name.to_string(),
                    state: state.as_str(),
                    rows: entry.map_or(0, |entry| entry.rows),
                    bytes: entry.map_or(0, |entry| entry.bytes),
                    checksum: entry.map(|entry| entry.checksum.to_string()).unwrap_or_default(),
                    origins: origins
                        .map(|from| {
                            format!("{} rows from {} line {}", from.rows, from.source, from.first_line)
                        })
                        .collect(),
                    reason,
                });
            }
        }
        let update = self.schema_update_json()?.map(|text| serde_json::from_str(&text).unwrap_or_default());
        Ok(PackageDescription {
            path: self.path().display().to_string(),
            manifest: self.manifest().clone(),
            set_aside: self.abort_reason()?,
            jobs,
            new_columns: update.as_ref().map(new_columns).unwrap_or_default(),
        })
    }
}

fn new_columns(update: &Value) -> BTreeMap<String, Vec<String>> {
    let columns = |table: &Value| {
        let columns = table.get("columns").and_then(Value::as_object).into_iter().flatten();
        columns
            .map(|(name, column)| {
                format!("{name} {}", column.get("data_type").and_then(Value::as_str).unwrap_or("?"))
            })
            .collect()
    };
    let tables = update.as_object().into_iter().flatten();
    tables.map(|(name, table)| (name.clone(), columns(table))).collect()
}

impl Display for PackageDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manifest = &self.manifest;
        writeln!(f, "package {}, format {}, by {}", manifest.load_id, manifest.format, manifest.producer)?;
        writeln!(
            f,
            "  pipeline {}, schema {}, run {}",
            manifest.pipeline, manifest.schema_name, manifest.run_id
        )?;
        writeln!(
            f,
            "  made by {} at {}",
            manifest.stage,
            manifest.created_at.format("%Y-%m-%d %H:%M:%S UTC")
        )?;
        writeln!(f, "  {}", self.path)?;
        if let Some(reason) = &self.set_aside {
            writeln!(f, "  set aside: {}", reason.trim_end().replace('\n', "\n    "))?;
        }
        if let Some(parent) = &manifest.parent {
            writeln!(f, "  made from {parent}")?;
        }
        if manifest.settings != PackageSettings::default() {
            writeln!(f, "  settings {}", manifest.settings)?;
        }
        for resource in &manifest.resources {
            let again = if resource.resumable { ", may be extracted again" } else { "" };
            writeln!(
                f,
                "  resource {} into {} ({}{again})",
                resource.name, resource.table, resource.write_disposition
            )?;
        }
        let (rows, bytes) =
            self.jobs.iter().fold((0, 0), |(rows, bytes), job| (rows + job.rows, bytes + job.bytes));
        writeln!(f, "  {} jobs, {rows} rows, {bytes} bytes", self.jobs.len())?;
        for job in &self.jobs {
            let JobDescription { job, state, rows, bytes, checksum, origins, reason } = job;
            writeln!(f, "  {state:<14} {job:<48} {rows:>12} rows {bytes:>12} bytes  {checksum}")?;
            for origin in origins {
                writeln!(f, "    {origin}")?;
            }
            if let Some(reason) = reason {
                writeln!(f, "    {}", reason.trim_end().replace('\n', "\n    "))?;
            }
        }
        for entry in &manifest.quarantine {
            writeln!(f, "  quarantine     {} rows of {} in {}", entry.rows, entry.table, entry.name)?;
        }
        for (table, columns) in &self.new_columns {
            writeln!(f, "  new in {table}: {}", columns.join(", "))?;
        }
        Ok(())
    }
}
