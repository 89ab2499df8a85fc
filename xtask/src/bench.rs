//! `cargo xtask bench`: the same files through us, dlt and DuckDB, each run a process of its own.
//!
//! Prints wall and CPU seconds, peak memory, seconds per stage and ratios to us; medians over the runs.
//! Data, scratch folders and the Python environment are below cargo's target folder.

mod data;
mod engines;
mod measure;
mod merge;
mod python;
mod report;
mod rest;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::tools::{cargo, run as run_command, target};
use data::Set;
use engines::Engine;
use merge::Strategy;

/// Arguments of `bench`.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command")]
pub(crate) struct Args {
    /// Only these data sets.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Set>,
    /// Rows of each data set, instead of its usual number.
    #[arg(long)]
    rows: Option<u64>,
    /// How often each engine runs; the table shows medians.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Runs dlt with its default settings, too: minutes and gigabytes.
    #[arg(long)]
    dlt_default: bool,
    /// Leaves some of the others out.
    #[arg(long, value_enum, value_delimiter = ',')]
    without: Vec<Other>,
    /// A Python with dlt 1.31.0, duckdb 2.0.0 and pyarrow [default: one that is made below the target folder].
    #[arg(long)]
    python: Option<PathBuf>,
    /// Threads of our normalize [default: the number of cores].
    #[arg(long)]
    workers: Option<usize>,
    /// Measures merges into a large table instead; `--rows` is what is there before [default: 5,000,000].
    #[arg(long, value_enum, value_delimiter = ',', num_args = 0.., default_missing_value = "delete-insert,upsert,scd2")]
    merge: Vec<Strategy>,
    /// How often dlt merges: it takes minutes.
    #[arg(long, default_value_t = 1)]
    dlt_runs: usize,
    /// Measures a REST API of 500 pages instead, with and without latency, beside dlt and curl.
    #[arg(long)]
    rest: bool,
    /// Measures the memory of extracting five gigabytes from a REST API instead.
    #[arg(long)]
    rest_memory: bool,
    /// Only makes the data.
    #[arg(long)]
    generate: bool,
}

/// What we are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Other {
    /// dlt, tuned and default.
    Dlt,
    /// DuckDB's own reader.
    Duckdb,
}

impl Args {
    fn engines(&self) -> Vec<Engine> {
        let mut engines = vec![Engine::Cartage { workers: self.workers }];
        if !self.without.contains(&Other::Dlt) {
            engines.push(Engine::DltTuned);
            if self.dlt_default {
                engines.push(Engine::DltDefault);
            }
        }
        if !self.without.contains(&Other::Duckdb) {
            engines.push(Engine::DuckDb);
        }
        engines
    }
}

/// Makes the data and measures.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = target().join("bench");
    fs::create_dir_all(&folder)?;
    if !args.merge.is_empty() {
        return merge(args, &folder);
    }
    if args.rest || args.rest_memory {
        return rest(args, &folder);
    }
    let sets: Vec<Set> =
        Set::ALL.into_iter().filter(|set| args.only.is_empty() || args.only.contains(set)).collect();
    let files = sets.iter().map(|set| set.file(&folder, args.rows)).collect::<Result<Vec<_>>>()?;
    if args.generate {
        return Ok(());
    }
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    let engines = args.engines();
    let python = if engines.iter().any(Engine::needs_python) {
        Some(python::find(args.python.as_deref(), &folder)?)
    } else {
        None
    };
    for file in &files {
        let mut rows = Vec::new();
        for engine in &engines {
            let runs = (0..args.runs.max(1)).map(|_| engine.run(file, &folder, python.as_deref()));
            rows.push(report::Row { engine: engine.name(), runs: runs.collect::<Result<_>>()? });
        }
        report::print(&format!("{}: {} rows", file.set.name(), file.rows), file.bytes, &rows)?;
        report::print_stages(&engines::stages_apart(file, &folder, args.workers)?)?;
    }
    Ok(())
}

fn merge(args: &Args, folder: &Path) -> Result<()> {
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    let with_dlt = !args.without.contains(&Other::Dlt);
    merge::run(&merge::Plan {
        strategies: args.merge.clone(),
        rows: args.rows.unwrap_or(5_000_000),
        runs: args.runs.max(1),
        dlt_runs: if with_dlt { args.dlt_runs } else { 0 },
        by_hand: !args.without.contains(&Other::Duckdb),
        python: &python::find(args.python.as_deref(), folder)?,
        folder,
    })
}

fn rest(args: &Args, folder: &Path) -> Result<()> {
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    if args.rest_memory {
        rest::memory(folder)?;
    }
    if !args.rest {
        return Ok(());
    }
    let with_dlt = !args.without.contains(&Other::Dlt);
    let python = if with_dlt { Some(python::find(args.python.as_deref(), folder)?) } else { None };
    rest::run(&rest::Plan {
        runs: args.runs.max(1),
        dlt_runs: if with_dlt { args.dlt_runs } else { 0 },
        python: python.as_deref(),
        folder,
    })
}
