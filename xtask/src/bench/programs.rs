//! Programs as sources into DuckDB: a dlt resource beside dlt itself, and a Singer tap beside a Singer target.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::engines::{COUNT, Run, cartage_command, empty, our_stages, script, their_stages};
use super::measure::run as measure;
use super::report::{self, Row};
use crate::tools::{output, run as run_command, workspace};

const PAGES: &str = include_str!("programs/pages.py");
const DLT: &str = include_str!("programs/dlt_run.py");
const MESSAGES: &str = include_str!("programs/messages.py");

const PYTHON_ROWS: u64 = 1_000_000;
const SINGER_ROWS: u64 = 200_000;

/// What is measured.
pub(super) struct Plan<'a> {
    pub(super) rows: Option<u64>,
    pub(super) runs: usize,
    pub(super) dlt_runs: usize,
    /// Whether the target is measured.
    pub(super) by_hand: bool,
    pub(super) python: &'a Path,
    pub(super) folder: &'a Path,
}

/// Runs both cases.
pub(super) fn run(plan: &Plan<'_>) -> Result<()> {
    plan.python_resource()?;
    plan.singer_tap()
}

impl Plan<'_> {
    fn python_resource(&self) -> Result<()> {
        let count = self.rows.unwrap_or(PYTHON_ROWS);
        let mut rows = vec![Row::measured("cartage", self.runs, || self.cartage_python(count))?];
        if self.dlt_runs > 0 {
            rows.push(Row::measured("dlt tuned", self.dlt_runs, || self.dlt(count))?);
        }
        // As JSON, about 150 bytes a row.
        report::print(&format!("dlt resource in Python to duckdb: {count} rows"), count * 150, &rows)
    }

    fn cartage_python(&self, rows: u64) -> Result<Run> {
        let work = empty(self.folder)?;
        script(&work, "pages.py", PAGES)?;
        let python = std::path::absolute(self.python)?;
        let source = format!(
            "type = \"python\"\nsource = \"pages.py:items\"\nargs = {{ rows = {rows} }}\npython = '{}'\n",
            python.display()
        );
        self.cartage(&work, &source, rows)
    }

    fn cartage(&self, work: &Path, source: &str, rows: u64) -> Result<Run> {
        let text = format!(
            "[pipeline]\nname = \"bench\"\ndataset_name = \"bench\"\ndestination = \"duckdb\"\n\n\
             [destination.duckdb]\npath = \"out.duckdb\"\n\n[sources.bench]\n{source}"
        );
        fs::write(work.join("pipeline.toml"), text)?;
        let (cost, stdout) = measure(&mut cartage_command("cartage", work, &["run"])?)?;
        self.check(work, rows)?;
        Ok(Run { cost, stages: our_stages(&stdout)? })
    }

    fn dlt(&self, rows: u64) -> Result<Run> {
        let work = empty(self.folder)?;
        script(&work, "pages.py", PAGES)?;
        let mut command = Command::new(self.python);
        command.arg(script(&work, "dlt_run.py", DLT)?).arg(rows.to_string()).arg(work.join("dlt"));
        let (cost, stdout) = measure(command.current_dir(&work))?;
        self.check(&work, rows)?;
        Ok(Run { cost, stages: their_stages(&stdout)? })
    }

    fn singer_tap(&self) -> Result<()> {
        let count = self.rows.unwrap_or(SINGER_ROWS);
        let messages = self.folder.join("messages.jsonl");
        let mut print = Command::new(self.python);
        print.arg(script(self.folder, "messages.py", MESSAGES)?).arg(count.to_string());
        run_command(print.stdout(Stdio::from(File::create(&messages)?)))?;
        let bytes = fs::metadata(&messages)?.len();
        let mut rows = vec![Row::measured("cartage", self.runs, || self.cartage_singer(&messages, count))?];
        if self.by_hand {
            match target_duckdb() {
                Ok(target) => {
                    let run = || self.target_duckdb(&target, &messages, count);
                    rows.push(Row::measured("target-duckdb", self.runs, run)?);
                }
                Err(error) => eprintln!("target-duckdb is left out: {error:#}"),
            }
        }
        report::print(&format!("Singer tap to duckdb: {count} rows"), bytes, &rows)
    }

    fn cartage_singer(&self, messages: &Path, rows: u64) -> Result<Run> {
        let work = empty(self.folder)?;
        let source = format!(
            "type = \"singer\"\ncommand = \"cat '{}'\"\ndiscover = false\nstreams = [\"items\"]\n",
            messages.display()
        );
        self.cartage(&work, &source, rows)
    }

    fn target_duckdb(&self, target: &Path, messages: &Path, rows: u64) -> Result<Run> {
        let work = empty(self.folder)?;
        let config = work.join("config.json");
        fs::write(&config, r#"{"path": "out.duckdb", "default_target_schema": "bench"}"#)?;
        let mut command = Command::new("sh");
        command.args(["-c", "cat \"$1\" | \"$2\" --config \"$3\"", "sh"]).args([
            messages,
            target,
            config.as_path(),
        ]);
        let (cost, _) = measure(command.current_dir(&work))?;
        // Version 0.8.0 takes the first row of a batch for a header where it looks like one.
        let found = self.count(&work)?;
        if found != rows {
            eprintln!("target-duckdb has loaded {found} of {rows} rows");
        }
        Ok(Run { cost, stages: Vec::new() })
    }

    /// Fails unless all rows have arrived.
    fn check(&self, work: &Path, wanted: u64) -> Result<()> {
        let found = self.count(work)?;
        ensure!(found == wanted, "{found} of {wanted} rows have arrived");
        Ok(())
    }

    fn count(&self, work: &Path) -> Result<u64> {
        let mut count = Command::new(self.python);
        count.arg(script(self.folder, "count_rows.py", COUNT)?).arg(work.join("out.duckdb"));
        Ok(output(count.args(["bench", "items"]))?.trim().parse()?)
    }
}

/// The target in an environment of its own, made if it is not there.
fn target_duckdb() -> Result<PathBuf> {
    let script = |what: &str| {
        let mut command = Command::new("sh");
        command.args(["xtask/services/program.sh", "target-duckdb", what]).current_dir(workspace());
        command
    };
    if !script("check").status()?.success() {
        run_command(&mut script("target-duckdb")).context("it cannot be installed")?;
    }
    Ok(workspace().join("target/services/target-duckdb/bin/target-duckdb"))
}
