//! What is measured: us, dlt in two ways, and DuckDB alone. Each run starts from nothing.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::data::{DataFile, Set};
use super::measure::{Cost, run};
use crate::tools::{binary, output};

/// The scripts, which run with the Python of `python.rs`.
pub(super) const DLT: &str = include_str!("dlt_run.py");
const DUCKDB: &str = include_str!("duckdb_run.py");
pub(super) const COUNT: &str = include_str!("count_rows.py");

/// One way to load a file into DuckDB.
#[derive(Clone, Copy, Debug)]
pub(super) enum Engine {
    /// `cartage run`.
    Cartage { workers: Option<usize> },
    /// dlt as it is after installation.
    DltDefault,
    /// dlt with Parquet, rotation and two workers.
    DltTuned,
    /// `CREATE TABLE AS SELECT * FROM read_json_auto(...)`.
    DuckDb,
}

/// A run: what it cost, and the seconds of its stages where it has some.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) cost: Cost,
    pub(super) stages: Vec<(String, f64)>,
}

impl Engine {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Cartage { .. } => "cartage",
            Self::DltDefault => "dlt default",
            Self::DltTuned => "dlt tuned",
            Self::DuckDb => "DuckDB CTAS",
        }
    }

    pub(super) fn needs_python(&self) -> bool {
        !matches!(self, Self::Cartage { .. })
    }

    /// Loads the file once and checks that all its rows arrived.
    pub(super) fn run(&self, file: &DataFile, folder: &Path, python: Option<&Path>) -> Result<Run> {
        let work = empty(folder)?;
        let run = match self {
            Self::Cartage { workers } => cartage(file, &work, *workers),
            Self::DltDefault => dlt(file, &work, python, "default"),
            Self::DltTuned => dlt(file, &work, python, "tuned"),
            Self::DuckDb => duckdb(file, &work, python),
        };
        let run = run.with_context(|| format!("{} on {}", self.name(), file.set.name()))?;
        self.check_rows(file, &work, python)?;
        Ok(run)
    }

    fn check_rows(&self, file: &DataFile, work: &Path, python: Option<&Path>) -> Result<()> {
        let Some(python) = python else { return Ok(()) };
        let schema = if matches!(self, Self::DuckDb) { "main" } else { "bench" };
        let mut count = Command::new(python);
        count
            .arg(script(work, "count_rows.py", COUNT)?)
            .arg(work.join("out.duckdb"))
            .args([schema, file.set.name()]);
        let found: u64 = output(&mut count)?.trim().parse()?;
        if found != file.rows {
            bail!("{} loaded {found} of {} rows of {}", self.name(), file.rows, file.set.name());
        }
        Ok(())
    }
}

fn cartage(file: &DataFile, work: &Path, workers: Option<usize>) -> Result<Run> {
    write_pipeline(file, work, workers)?;
    let (cost, stdout) = run(&mut cartage_command("cartage", work, &["run"])?)?;
    Ok(Run { cost, stages: our_stages(&stdout)? })
}

/// Seconds per stage of `cartage run --format json`.
pub(super) fn our_stages(stdout: &str) -> Result<Vec<(String, f64)>> {
    let report: Value =
        serde_json::from_str(stdout).context("`cartage run --format json` printed no JSON")?;
    let stages = report["stages"].as_array().into_iter().flatten();
    let stage = |stage: &Value| Some((stage["stage"].as_str()?.to_owned(), stage["seconds"].as_f64()?));
    Ok(stages.filter_map(stage).collect())
}

/// Seconds per stage as the scripts print them in their last line.
pub(super) fn their_stages(stdout: &str) -> Result<Vec<(String, f64)>> {
    let last = stdout.lines().next_back().unwrap_or_default();
    let seconds: serde_json::Map<String, Value> =
        serde_json::from_str(last).context("the script printed no stages")?;
    Ok(seconds.into_iter().filter_map(|(stage, seconds)| Some((stage, seconds.as_f64()?))).collect())
}

/// Our three stages as three processes: what each of them costs.
pub(super) fn stages_apart(
    file: &DataFile,
    folder: &Path,
    workers: Option<usize>,
) -> Result<Vec<(&'static str, Cost)>> {
    let work = empty(folder)?;
    write_pipeline(file, &work, workers)?;
    let binaries = ["cartage-extract", "cartage-normalize", "cartage-load"];
    let cost = |name: &'static str| Ok((name, run(&mut cartage_command(name, &work, &[])?)?.0));
    binaries.into_iter().map(cost).collect()
}

/// A binary of ours in a folder with a pipeline and its data.
pub(super) fn cartage_command(name: &str, work: &Path, words: &[&str]) -> Result<Command> {
    let mut command = Command::new(binary(name)?);
    command.args(words).args(["pipeline.toml", "--format", "json", "--progress", "none"]);
    command.current_dir(work).env("CARTAGE_DATA_DIR", work.join("data"));
    Ok(command)
}

pub(super) fn write_pipeline(file: &DataFile, work: &Path, workers: Option<usize>) -> Result<()> {
    let path = Value::from(file.path.to_string_lossy().into_owned());
    let mut text = format!(
        "[pipeline]\nname = \"bench\"\ndataset_name = \"bench\"\ndestination = \"duckdb\"\n\n\
         [destination.duckdb]\npath = \"out.duckdb\"\n\n[sources.bench]\ntype = \"files\"\n\n\
         [[sources.bench.resources]]\nname = \"{}\"\npath = {path}\nformat = \"jsonl\"\n",
        file.set.name()
    );
    if let Some(workers) = workers {
        write!(text, "\n[normalize]\nworkers = {workers}\n")?;
    }
    Ok(fs::write(work.join("pipeline.toml"), text)?)
}

/// A folder without anything from an earlier run.
pub(super) fn empty(folder: &Path) -> Result<PathBuf> {
    let work = folder.join("work");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    Ok(work)
}

fn dlt(file: &DataFile, work: &Path, python: Option<&Path>, mode: &str) -> Result<Run> {
    let mut command = Command::new(python.context("dlt needs Python")?);
    command.arg(script(work, "dlt_run.py", DLT)?).arg(&file.path).arg(work.join("out.duckdb"));
    command.arg(file.set.name()).arg(work.join("dlt")).arg(mode).current_dir(work);
    let (cost, stdout) = run(&mut command)?;
    Ok(Run { cost, stages: their_stages(&stdout)? })
}

fn duckdb(file: &DataFile, work: &Path, python: Option<&Path>) -> Result<Run> {
    let kind = if file.set == Set::Orders { "orders" } else { "plain" };
    let mut command = Command::new(python.context("DuckDB's reader needs Python")?);
    command.arg(script(work, "duckdb_run.py", DUCKDB)?).arg(&file.path).arg(work.join("out.duckdb"));
    let (cost, _) = run(command.args([file.set.name(), kind]).current_dir(work))?;
    Ok(Run { cost, stages: Vec::new() })
}

/// Writes a script into the work folder.
pub(super) fn script(work: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = work.join(name);
    fs::write(&path, text)?;
    Ok(path)
}
