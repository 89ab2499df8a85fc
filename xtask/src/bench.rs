//! `cargo xtask bench`: the same files through us, dlt and DuckDB, each run a process of its own.
//!
//! Prints wall and CPU seconds, peak memory, seconds per stage and ratios to us; medians over the runs.
//! Data, scratch folders and the Python environment are below cargo's target folder.

mod data;
mod destinations;
mod engines;
mod measure;
mod merge;
mod programs;
mod python;
mod report;
mod rest;
mod scaling;
mod sizes;
mod sql;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::tools::{cargo, run as run_command, target};
use data::Set;
use destinations::Target;
use engines::Engine;
use merge::Strategy;

/// Arguments of `bench`.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
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
    /// Measures loads into these destinations instead: flat and orders, unless `--only` says otherwise.
    #[arg(long, value_enum, value_delimiter = ',', num_args = 0.., default_missing_value = "postgres,parquet")]
    destination: Vec<Target>,
    /// Measures a table of these databases into DuckDB and Parquet instead, beside dlt and connectorx.
    #[arg(long, value_enum, value_delimiter = ',', num_args = 0.., default_missing_value = "postgres,mariadb")]
    sql: Vec<sql::Origin>,
    /// How often dlt merges, reads databases, or loads into other destinations: it takes minutes.
    #[arg(long, default_value_t = 1)]
    dlt_runs: usize,
    /// Measures a REST API of 500 pages instead, with and without latency, beside dlt and curl.
    #[arg(long)]
    rest: bool,
    /// Measures a dlt resource in Python beside dlt, and a Singer tap beside target-duckdb, instead.
    #[arg(long)]
    programs: bool,
    /// Measures the memory of extracting five gigabytes from a REST API instead.
    #[arg(long)]
    rest_memory: bool,
    /// Measures how time grows with the number of files, tables, columns and resources instead.
    #[arg(long, value_enum, value_delimiter = ',', num_args = 0.., default_missing_value = "files,tables,columns,resources")]
    scaling: Vec<scaling::Case>,
    /// Measures time and memory at these multiples of the usual size instead, without the others.
    #[arg(long, value_delimiter = ',', num_args = 0.., default_missing_value = "0.1,1,10")]
    sizes: Vec<f64>,
    /// What `runtime.memory_limit` is while `--sizes` are measured.
    #[arg(long, requires = "sizes")]
    memory_limit: Option<String>,
    /// Only makes the data.
    #[arg(long)]
    generate: bool,
}

/// What we are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Other {
    /// dlt, tuned and default.
    Dlt,
    /// DuckDB's own reader, or the tool of the database that is loaded into.
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
    if args.programs {
        return programs(args, &folder);
    }
    if !args.scaling.is_empty() {
        run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
        return scaling::measure(&args.scaling, args.runs.max(1), &folder);
    }
    if !args.destination.is_empty() {
        return destinations(args, &folder);
    }
    if !args.sql.is_empty() {
        return sql(args, &folder);
    }
    let sets: Vec<Set> =
        Set::ALL.into_iter().filter(|set| args.only.is_empty() || args.only.contains(set)).collect();
    if !args.sizes.is_empty() {
        run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
        return sizes::measure(
            &sets,
            &sizes::Plan {
                factors: &args.sizes,
                memory_limit: args.memory_limit.as_deref(),
                workers: args.workers,
                runs: args.runs.max(1),
                folder: &folder,
            },
        );
    }
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

fn destinations(args: &Args, folder: &Path) -> Result<()> {
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    let usual = [Set::Flat, Set::Orders];
    destinations::run(&destinations::Plan {
        targets: &args.destination,
        sets: if args.only.is_empty() { &usual } else { &args.only },
        rows: args.rows,
        runs: args.runs.max(1),
        dlt_runs: if args.without.contains(&Other::Dlt) { 0 } else { args.dlt_runs },
        by_hand: !args.without.contains(&Other::Duckdb),
        python: &python::find(args.python.as_deref(), folder)?,
        folder,
    })
}

fn sql(args: &Args, folder: &Path) -> Result<()> {
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    sql::run(&sql::Plan {
        origins: &args.sql,
        rows: args.rows,
        runs: args.runs.max(1),
        dlt_runs: if args.without.contains(&Other::Dlt) { 0 } else { args.dlt_runs },
        by_hand: !args.without.contains(&Other::Duckdb),
        python: &python::find(args.python.as_deref(), folder)?,
        folder,
    })
}

fn programs(args: &Args, folder: &Path) -> Result<()> {
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    programs::run(&programs::Plan {
        rows: args.rows,
        runs: args.runs.max(1),
        dlt_runs: if args.without.contains(&Other::Dlt) { 0 } else { args.dlt_runs },
        by_hand: !args.without.contains(&Other::Duckdb),
        python: &python::find(args.python.as_deref(), folder)?,
        folder,
    })
}

fn merge(args: &Args, folder: &Path) -> Result<()> {
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    let with_dlt = !args.without.contains(&Other::Dlt);
    merge::run(&merge::Plan {
        strategies: args.merge.clone(),
        rows: args.rows.unwrap_or(5_000_000),
        runs: args.runs.max(1),
        dlt_runs: if with_dlt { args.dlt_runs } else { 0 },
        dlt_default: args.dlt_default,
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
