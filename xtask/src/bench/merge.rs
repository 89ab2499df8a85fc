//! Merges a batch of orders into fifty times as many that are there already: we, dlt and SQL by hand.
//!
//! All start from a copy of the same database file, which a first run of ours has made: dlt restores its
//! schema and state from there, and the SQL finds the rows of the batch in tables of the same file. The
//! tables must hold the same at the end of each run.

mod data;
mod engines;
mod start;

use std::path::Path;

use anyhow::{Result, bail};

use super::report;
use data::Files;
use engines::Engine;
use start::Start;

/// How rows are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Strategy {
    DeleteInsert,
    Upsert,
    Scd2,
}

impl Strategy {
    fn name(self) -> &'static str {
        match self {
            Self::DeleteInsert => "delete-insert",
            Self::Upsert => "upsert",
            Self::Scd2 => "scd2",
        }
    }
}

/// What is measured, and how often.
pub(super) struct Plan<'a> {
    pub(super) strategies: Vec<Strategy>,
    /// Orders that are there before.
    pub(super) rows: u64,
    pub(super) runs: usize,
    /// dlt takes a minute or more each time.
    pub(super) dlt_runs: usize,
    /// Whether dlt also merges as it is after installation, as often.
    pub(super) dlt_default: bool,
    pub(super) by_hand: bool,
    pub(super) python: &'a Path,
    pub(super) folder: &'a Path,
}

/// Measures and prints.
pub(super) fn run(plan: &Plan<'_>) -> Result<()> {
    let folder = plan.folder.join(format!("merge-{}", plan.rows));
    std::fs::create_dir_all(&folder)?;
    let files = Files::make(&folder, plan.rows)?;
    for strategy in &plan.strategies {
        measure(plan, &files, &folder.join(strategy.name()), *strategy)?;
    }
    Ok(())
}

fn measure(plan: &Plan<'_>, files: &Files, folder: &Path, strategy: Strategy) -> Result<()> {
    let start = Start::make(files, folder, strategy, plan.python)?;
    let mut rows = Vec::new();
    let mut outcome: Option<String> = None;
    for (engine, times) in engines(plan, strategy) {
        let mut runs = Vec::new();
        for _ in 0..times {
            runs.push(engine.run(&start)?);
            let found = start.check(files)?;
            let expected = outcome.get_or_insert_with(|| found.clone());
            if *expected != found {
                bail!("{} left `{found}` and not `{expected}`", engine.name());
            }
        }
        rows.push(report::Row { engine: engine.name(), runs });
    }
    let bytes = std::fs::metadata(&files.batch)?.len();
    let title = format!("{}: {} orders merged into {}", strategy.name(), files.batch_rows, files.base_rows);
    report::print(&title, bytes, &rows)
}

/// Who merges, and how often.
fn engines(plan: &Plan<'_>, strategy: Strategy) -> Vec<(Engine, usize)> {
    let mut engines = vec![(Engine::Cartage, plan.runs)];
    if plan.dlt_runs > 0 {
        engines.push((Engine::DltTuned, plan.dlt_runs));
        if plan.dlt_default {
            engines.push((Engine::DltDefault, plan.dlt_runs));
        }
    }
    if plan.by_hand {
        engines.push((Engine::ByHand, plan.runs));
        if strategy == Strategy::Upsert {
            engines.push((Engine::MergeInto, plan.runs));
        }
    }
    engines
}
