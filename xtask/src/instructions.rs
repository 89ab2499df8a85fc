//! `cargo xtask instructions`: how many instructions the hot path takes for fixed rows.
//!
//! Seconds depend on the machine and on what else it does; instructions do not, so that a loss of a few
//! percent is seen. They are counted by callgrind, which presents a processor of its own: code that asks
//! for its abilities, as the JSON parser does, takes the same way everywhere. What was counted last is in
//! [`RECORD`]; it depends on the compiler, so that it is recorded anew with a new one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::tools::{cargo, output, run as run_command, target, workspace};

/// What was counted last.
const RECORD: &str = "fixtures/instructions.json";

/// By how many percent a count may grow.
const TOLERANCE: u64 = 2;

/// The parts, and the functions of the example `hot_path` inside of which is counted.
const PARTS: [(&str, &str); 4] = [
    ("parse", "*measure::HotPath::parse*"),
    ("flatten", "*measure::HotPath::flatten*"),
    ("encode", "*measure::HotPath::encode*"),
    ("naming", "hot_path::naming*"),
];

/// Flat rows, and rows with objects and lists below them.
const ROWS: [&str; 2] =
    ["fixtures/sources/baseball_players/players.jsonl", "fixtures/sources/github_issues/issues.jsonl"];

/// Arguments of `instructions`.
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Writes the counts into fixtures/instructions.json instead of comparing them.
    #[arg(long)]
    record: bool,
}

/// The file of counts.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// What counted and what compiled, for people.
    recorded_with: String,
    /// Instructions by part.
    instructions: BTreeMap<String, u64>,
}

/// Counts, and compares or records.
pub(crate) fn run(args: &Args) -> Result<()> {
    let found = Record { recorded_with: tools()?, instructions: count()? };
    let path = workspace().join(RECORD);
    if args.record {
        fs::write(&path, serde_json::to_string_pretty(&found)? + "\n")?;
        eprintln!("recorded in {RECORD}");
        return Ok(());
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {RECORD}"))?;
    let known: Record = serde_json::from_str(&text).with_context(|| format!("{RECORD} is wrong"))?;
    compare(&known, &found)
}

/// Prints all parts and fails if one takes more than it may.
fn compare(known: &Record, found: &Record) -> Result<()> {
    let mut grown = Vec::new();
    for (part, now) in &found.instructions {
        let before = known.instructions.get(part).copied().unwrap_or_default();
        let growth = *now as f64 / before as f64 - 1.0;
        eprintln!("{part:8} {now:>13} instructions, {:+.2} %", growth * 100.0);
        if now * 100 > before * (100 + TOLERANCE) {
            grown.push(part.as_str());
        }
    }
    if grown.is_empty() {
        return Ok(());
    }
    if known.recorded_with != found.recorded_with {
        eprintln!("recorded with {}, counted with {}", known.recorded_with, found.recorded_with);
    }
    bail!(
        "{} takes more than {TOLERANCE} % more instructions than in {RECORD}: find out why, and if it must be so, \
         record it with `cargo xtask instructions --record`",
        grown.join(", ")
    )
}

/// Instructions of all parts.
fn count() -> Result<BTreeMap<String, u64>> {
    // All of the workspace, so that what is compiled is what every other step compiles; only the example is built.
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace", "--example", "hot_path"]))?;
    let example = target().join("release/examples/hot_path");
    let folder = tempfile::tempdir()?;
    PARTS.iter().map(|(part, function)| count_one(&example, part, function, folder.path())).collect()
}

fn count_one(example: &Path, part: &str, function: &str, folder: &Path) -> Result<(String, u64)> {
    let file: PathBuf = folder.join(part);
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind", "--error-exitcode=1"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(format!("--toggle-collect={function}"))
        .arg(example)
        .arg(part)
        .args(ROWS)
        .current_dir(workspace());
    output(&mut valgrind).context("counting needs valgrind (Debian: `apt-get install valgrind`)")?;
    let profile = fs::read_to_string(&file)?;
    let total = total(&profile).filter(|total| *total > 0);
    Ok((part.to_owned(), total.with_context(|| format!("callgrind saw no function {function}"))?))
}

/// The sum over all functions of a profile.
fn total(profile: &str) -> Option<u64> {
    let line = profile.lines().find_map(|line| line.strip_prefix("totals: "))?;
    line.trim().parse().ok()
}

/// Versions of what the counts depend on.
fn tools() -> Result<String> {
    let rustc = output(Command::new("rustc").arg("--version"))?;
    let valgrind = output(Command::new("valgrind").arg("--version"))
        .context("counting needs valgrind (Debian: `apt-get install valgrind`)")?;
    Ok(format!("{}, {}, {}", rustc.trim(), valgrind.trim(), std::env::consts::ARCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(parse: u64) -> Record {
        Record {
            recorded_with: "a compiler".to_owned(),
            instructions: BTreeMap::from([("parse".to_owned(), parse)]),
        }
    }

    #[test]
    fn a_part_may_take_two_percent_more_and_any_amount_less() {
        assert!(compare(&record(1_000), &record(1_020)).is_ok());
        assert!(compare(&record(1_000), &record(10)).is_ok());
        let error = compare(&record(1_000), &record(1_021)).unwrap_err();
        assert!(error.to_string().starts_with("parse takes more than 2 %"), "{error}");
    }

    #[test]
    fn a_part_that_was_never_recorded_is_no_part_that_passes() {
        let empty = Record { instructions: BTreeMap::new(), ..record(0) };
        assert!(compare(&empty, &record(1)).is_err());
    }

    #[test]
    fn the_total_of_a_profile_is_found() {
        assert_eq!(total("events: Ir\nfn=(1) a\n1 5\n\ntotals: 123\n"), Some(123));
        assert_eq!(total("events: Ir\n"), None);
    }
}
