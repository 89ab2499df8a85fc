//! Whether a stage slows down where there is much of something: files, tables, columns, resources.
//!
//! Each case runs at a quarter, a half and all of its size, each stage as a process of its own. The exponent
//! says how its time grows: 1 is linear, 2 is quadratic, and fixed costs make it smaller.

mod data;

use std::io::{Write, stdout};
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;
use tempfile::TempDir;

use super::engines::{cartage_command, empty};
use super::measure::{Cost, run};

/// What there is much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Case {
    /// 10,000 files with a row each.
    Files,
    /// 2,000 tables below one.
    Tables,
    /// 5,000 columns in one table.
    Columns,
    /// 1,000 resources with a file each.
    Resources,
}

const STAGES: [&str; 3] = ["extract", "normalize", "load"];

/// Where rows go: the database, and nowhere, which leaves what is our own.
const DESTINATIONS: [&str; 2] = ["duckdb", "null"];

/// The parts of its size at which a case is measured.
const PARTS: [usize; 3] = [4, 2, 1];

impl Case {
    fn size(self) -> usize {
        match self {
            Self::Files => 10_000,
            Self::Tables => 2_000,
            Self::Columns => 5_000,
            Self::Resources => 1_000,
        }
    }
}

/// A file system in memory. ext4 searches longer for a free inode the more files were removed in the last
/// minutes, which the runs before have done by the thousand.
const MEMORY: &str = "/dev/shm";

/// Measures and prints the cases, each this many times; the fastest run counts, for all others were disturbed.
/// Works in `folder` where there is no file system in memory.
pub(super) fn measure(cases: &[Case], runs: usize, folder: &Path) -> Result<()> {
    let in_memory = tempfile::tempdir_in(MEMORY).ok();
    let folder = in_memory.as_ref().map_or(folder, TempDir::path);
    for case in cases {
        for destination in DESTINATIONS {
            let sizes = PARTS.map(|part| case.size() / part);
            let mut costs = Vec::new();
            for size in sizes {
                let of_size = || stages(*case, size, destination, folder);
                let all = (0..runs).map(|_| of_size()).collect::<Result<Vec<_>>>();
                costs.push(fastest(&all.with_context(|| format!("{case:?} of {size} into {destination}"))?));
            }
            print(*case, destination, &sizes, &costs)?;
        }
    }
    Ok(())
}

/// What each stage costs for a case of a size.
fn stages(case: Case, size: usize, destination: &str, folder: &Path) -> Result<[Cost; 3]> {
    let work = empty(folder)?;
    data::write(case, size, destination, &work)?;
    let mut costs = <[Cost; 3]>::default();
    for (cost, stage) in costs.iter_mut().zip(STAGES) {
        *cost = run(&mut cartage_command("cartage", &work, &[stage])?)?.0;
    }
    Ok(costs)
}

/// For each stage the run that took the least CPU.
fn fastest(runs: &[[Cost; 3]]) -> [Cost; 3] {
    std::array::from_fn(|stage| {
        let of_stage = runs.iter().map(|run| &run[stage]);
        of_stage.min_by(|a, b| cpu(a).total_cmp(&cpu(b))).cloned().unwrap_or_default()
    })
}

/// CPU seconds, which others on the machine disturb less; wall seconds where the system does not tell.
pub(super) fn cpu(cost: &Cost) -> f64 {
    cost.cpu.unwrap_or(cost.wall)
}

fn print(case: Case, destination: &str, sizes: &[usize; 3], costs: &[[Cost; 3]]) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "\n{case:?} into {destination}: CPU s (wall s, peak MB) for {sizes:?}")?;
    for (stage, name) in STAGES.iter().enumerate() {
        write!(out, "  {name:10}")?;
        for cost in costs {
            let cost = &cost[stage];
            let peak = cost.peak.unwrap_or(f64::NAN);
            write!(out, " {:>7.2} ({:6.2}, {peak:4.0})", cpu(cost), cost.wall)?;
        }
        let points: Vec<(f64, f64)> =
            sizes.iter().zip(costs).map(|(size, cost)| (*size as f64, cpu(&cost[stage]))).collect();
        let last = exponent(&points[1..]);
        writeln!(out, "   exponent {:5.2}, of the last step {last:5.2}", exponent(&points))?;
    }
    Ok(())
}

/// The slope of a line through the points, both axes logarithmic.
pub(super) fn exponent(points: &[(f64, f64)]) -> f64 {
    // What takes no time at all takes a tick of the clock.
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, time)| (size.ln(), time.max(0.01).ln())).collect();
    let count = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |sum, log| (sum.0 + log.0 / count, sum.1 + log.1 / count));
    let covariance: f64 = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum();
    let variance: f64 = logs.iter().map(|log| (log.0 - x).powi(2)).sum();
    covariance / variance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_square_is_two_and_of_a_constant_nothing() {
        let points = |of: fn(f64) -> f64| [1.0, 2.0, 4.0].map(|size| (size, of(size)));
        assert!((exponent(&points(|size| size * size)) - 2.0).abs() < 1e-9);
        assert!((exponent(&points(|size| size * 3.0)) - 1.0).abs() < 1e-9);
        assert!(exponent(&points(|_| 5.0)).abs() < 1e-9);
    }
}
