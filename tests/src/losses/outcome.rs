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
    /// `None` where whole lists were replaced.
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
        let notes = notes(&done.stdout);
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

/// What the warnings of a summary count.
fn notes(summary: &str) -> Vec<Note> {
    let Ok(summary) = serde_json::from_str::<Value>(summary) else { return Vec::new() };
    let warnings = summary.get("warnings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    warnings.iter().filter_map(Value::as_str).filter_map(note).collect()
}

fn note(warning: &str) -> Option<Note> {
    let named = |before: &str| Some(warning.split_once(before)?.1.split_once('`')?.0.to_owned());
    let table = named("table `")?;
    if let Some((values, _)) = warning.split_once(" numbers in column `") {
        return Some(Note { table, column: named("column `"), values: values.parse().ok()?, nulled: true });
    }
    let (_, values) = warning.split_once("`: ")?;
    let values = values.split(' ').next()?.parse().ok()?;
    let column = if warning.starts_with("the lists `") { None } else { Some(named("column `")?) };
    warning.contains("both lead to").then_some(Note { table, column, values, nulled: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_summary_counts_is_read() {
        let found = note(
            "the keys `Col A` and `col_a` both lead to column `col_a` of table `t0`: 3 values of `Col A` were replaced, first \
             in a.jsonl, line 1; rename one of them in the source to keep both",
        );
        let found = found.unwrap();
        assert_eq!((found.table.as_str(), found.column.as_deref(), found.values), ("t0", Some("col_a"), 3));
        let found =
            note("12 numbers in column `x` of table `t0__a` are larger than a double and became null")
                .unwrap();
        assert_eq!((found.table.as_str(), found.column.as_deref(), found.values), ("t0__a", Some("x"), 12));
        assert!(note("the pattern `a*` matches no file").is_none());
    }
}
