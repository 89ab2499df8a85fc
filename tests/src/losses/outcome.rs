//! What the runs of a case left: exit codes, what was said, rows that were kept apart, and the database.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::case::Case;
use super::files;
use crate::harness::Done;

/// A row that was kept apart.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Why.
    pub(super) reason: String,
    /// The row as it is kept.
    pub(super) row: String,
}

/// What a run left.
#[derive(Debug)]
pub(super) struct RunOutcome {
    pub(super) done: Done,
    pub(super) kept: Vec<Kept>,
    pub(super) notes: Vec<Note>,
}

/// What a summary says of values that it did not load as they were.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) table: String,
    /// `None` where whole lists gave way.
    pub(super) column: Option<String>,
    /// How many values.
    pub(super) values: u64,
    /// Whether they were numbers beyond a double; else another key took their place.
    pub(super) nulled: bool,
}

/// Runs all runs of a case in a folder, up to the first that fails.
///
/// # Errors
/// If the files cannot be written or the binary does not start.
pub(super) fn run(case: &Case, folder: &Path, binary: &Path) -> Result<Vec<RunOutcome>> {
    files::write(case, folder)?;
    let mut outcomes = Vec::new();
    let mut seen = BTreeSet::new();
    for run in 0..case.runs.len() {
        fs::copy(folder.join(format!("run{run}/pipeline.toml")), folder.join("pipeline.toml"))?;
        let output = Command::new(binary)
            .args(["run", "--format", "json"])
            .current_dir(folder)
            .env("CARTAGE_DATA_DIR", folder.join("data"))
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let done = Done::of(&output);
        let has_failed = done.code != Some(0);
        let mut notes = Vec::new();
        if let Ok(summary) = serde_json::from_str::<Value>(&done.stdout) {
            collect_notes(&summary, &mut notes);
        }
        let kept = kept(&folder.join("data/pipelines/test/packages/loaded"), &mut seen)?;
        outcomes.push(RunOutcome { done, kept, notes });
        if has_failed {
            break;
        }
    }
    Ok(outcomes)
}

/// Reads the quarantine files of packages that were not seen before.
fn kept(loaded: &Path, seen: &mut BTreeSet<PathBuf>) -> Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for package in entries(loaded) {
        for path in entries(&package.join("quarantine")) {
            if !seen.insert(path.clone()) {
                continue;
            }
            for line in fs::read_to_string(&path)?.lines() {
                let line: Value = serde_json::from_str(line)?;
                let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                kept.push(Kept { reason: text("reason"), row: text("row") });
            }
        }
    }
    Ok(kept)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    paths
}

fn collect_notes(summary: &Value, notes: &mut Vec<Note>) {
    match summary {
        Value::Array(items) => items.iter().for_each(|item| collect_notes(item, notes)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == "shared_names" || key == "nulled_numbers" {
                    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    notes.extend(list.iter().filter_map(|entry| note(entry, key == "nulled_numbers")));
                } else {
                    collect_notes(value, notes);
                }
            }
        }
        _ => {}
    }
}

fn note(entry: &Value, nulled: bool) -> Option<Note> {
    Some(Note {
        table: entry.get("table")?.as_str()?.to_owned(),
        column: entry.get("column").and_then(Value::as_str).map(str::to_owned),
        values: entry.get("values")?.as_u64()?,
        nulled,
    })
}
