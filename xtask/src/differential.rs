//! `cargo xtask differential`: random cases through dlt and through us, side by side.
//!
//! The work is done in Python, where dlt runs; `xtask/src/differential/` holds it. What both leave in DuckDB is
//! compared by the `oracle` binary, as for the stored cases.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::services::python_with_dlt;
use crate::tools::{binary, cargo, run as run_command, target, workspace};

/// Arguments of `differential`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many cases.
    #[arg(long, default_value_t = 100)]
    cases: u32,
    /// What the cases are made of: the same seed, the same cases.
    #[arg(long, default_value = "1")]
    seed: String,
    /// The number of the first case; with `--cases 1` a single one.
    #[arg(long, default_value_t = 0)]
    first: u32,
    /// A folder with a `case.json` and its rows, instead of random cases.
    #[arg(long, conflicts_with_all = ["cases", "seed", "first"])]
    case: Option<PathBuf>,
    /// What the cases are about: `all`, or `merges` for every strategy with its options.
    #[arg(long, default_value = "all", value_parser = ["all", "merges"])]
    about: String,
    /// How many cases run side by side [default: the number of cores].
    #[arg(long)]
    jobs: Option<u32>,
    /// Takes no more cases after this time, such as `90s`, `10m` or `1h`.
    #[arg(long)]
    time: Option<String>,
    /// How long one case may be made smaller.
    #[arg(long, default_value = "2m")]
    shrink: String,
    /// Writes the small cases that differ into `differential/cases` below the target folder, in the form of
    /// `fixtures/oracle`.
    #[arg(long)]
    keep: bool,
    /// A Python with dlt 1.31.0 and duckdb 2.0.0 [default: that of `cargo xtask services`].
    #[arg(long)]
    python: Option<PathBuf>,
    /// The binary to test [default: the one that is built now].
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// The number of cases in `cargo xtask ci`.
const CASES_OF_CI: u32 = 15;

/// Builds what is needed and compares.
pub(crate) fn run(args: &Args) -> Result<()> {
    let python = args.python.clone().map_or_else(python_with_dlt, Ok)?;
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    compare(args, python)
}

/// The first cases, with what is built already.
pub(crate) fn short() -> Result<()> {
    let args = Args {
        cases: CASES_OF_CI,
        seed: "1".to_owned(),
        first: 0,
        case: None,
        about: "all".to_owned(),
        jobs: None,
        time: None,
        shrink: "1m".to_owned(),
        keep: false,
        python: None,
        binary: None,
    };
    compare(&args, python_with_dlt()?)
}

fn compare(args: &Args, python: PathBuf) -> Result<()> {
    let folder = target().join("differential");
    let mut command = Command::new(python);
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(workspace().join("xtask/src/differential/main.py"));
    command.args([
        "--cases",
        &args.cases.to_string(),
        "--seed",
        &args.seed,
        "--first",
        &args.first.to_string(),
    ]);
    command.args(["--about", &args.about]);
    command.arg("--oracle").arg(binary("oracle")?);
    command.arg("--binary").arg(args.binary.clone().map_or_else(|| binary("cartage"), Ok)?);
    command.arg("--store").arg(folder.join("dlt"));
    command.arg("--differences").arg(workspace().join("docs/differences.md"));
    command.args(["--shrink", &args.shrink]);
    if let Some(jobs) = args.jobs {
        command.args(["--jobs", &jobs.to_string()]);
    }
    if let Some(time) = &args.time {
        command.args(["--time", time]);
    }
    if let Some(case) = &args.case {
        command.arg("--case").arg(std::path::absolute(case)?);
    }
    if args.keep {
        command.arg("--keep").arg(folder.join("cases"));
    }
    run_command(&mut command)
}
