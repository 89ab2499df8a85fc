//! Whether time grows in line with the rows, and memory not at all: a data set at several sizes.
//!
//! Each stage runs as a process of its own, then the whole run. Files beyond the usual size are removed.

use std::fs;
use std::io::{Write, stdout};
use std::path::Path;

use anyhow::Result;

use super::data::Set;
use super::engines::{cartage_command, empty, write_pipeline};
use super::measure::{Cost, run};
use super::scaling::{cpu, exponent};

/// What is measured: the stages as processes of their own, and all of them in one.
const PROGRAMS: [&str; 4] = ["cartage-extract", "cartage-normalize", "cartage-load", "cartage"];

/// What to measure.
pub(super) struct Plan<'a> {
    /// Parts and multiples of the usual size.
    pub(super) factors: &'a [f64],
    pub(super) memory_limit: Option<&'a str>,
    pub(super) workers: Option<usize>,
    pub(super) runs: usize,
    pub(super) folder: &'a Path,
}

/// Measures and prints the sets; of several runs the one with the least CPU counts.
pub(super) fn measure(sets: &[Set], plan: &Plan<'_>) -> Result<()> {
    for set in sets {
        let mut rows = Vec::new();
        let mut costs: Vec<[Cost; 4]> = Vec::new();
        for factor in plan.factors {
            let wanted = (set.usual_rows() as f64 * factor) as u64;
            let all = (0..plan.runs).map(|_| of_size(*set, wanted, plan)).collect::<Result<Vec<_>>>()?;
            costs.push(std::array::from_fn(|nth| least(all.iter().map(|run| &run[nth]))));
            rows.push(wanted);
            if *factor > 1.0 {
                set.remove(plan.folder, wanted)?;
            }
        }
        print(*set, &rows, &costs, plan)?;
    }
    Ok(())
}

fn of_size(set: Set, rows: u64, plan: &Plan<'_>) -> Result<[Cost; 4]> {
    let file = set.file(plan.folder, Some(rows))?;
    let limit = plan.memory_limit.map(|limit| format!("runtime.memory_limit={limit}"));
    let mut costs = <[Cost; 4]>::default();
    let mut work = empty(plan.folder)?;
    for (cost, program) in costs.iter_mut().zip(PROGRAMS) {
        let is_whole = program == "cartage";
        if is_whole || program == PROGRAMS[0] {
            work = empty(plan.folder)?;
            write_pipeline(&file, &work, plan.workers)?;
        }
        let mut command = cartage_command(program, &work, if is_whole { &["run"] } else { &[] })?;
        command.args(limit.iter().flat_map(|limit| ["--set", limit.as_str()]));
        *cost = run(&mut command)?.0;
    }
    fs::remove_dir_all(work)?;
    Ok(costs)
}

fn least<'a>(costs: impl Iterator<Item = &'a Cost>) -> Cost {
    costs.min_by(|a, b| cpu(a).total_cmp(&cpu(b))).cloned().unwrap_or_default()
}

fn print(set: Set, rows: &[u64], costs: &[[Cost; 4]], plan: &Plan<'_>) -> Result<()> {
    let mut out = stdout().lock();
    let limit = plan.memory_limit.map_or_else(String::new, |limit| format!(" with memory_limit = {limit}"));
    writeln!(out, "\n{} of {rows:?} rows{limit}: wall s, CPU s, peak MB", set.name())?;
    for (nth, program) in PROGRAMS.iter().enumerate() {
        write!(out, "  {program:17}")?;
        for cost in costs {
            let cost = &cost[nth];
            write!(out, " {:>7.2} {:>7.2} {:5.0} |", cost.wall, cpu(cost), cost.peak.unwrap_or(f64::NAN))?;
        }
        let points = |of: fn(&Cost) -> f64| {
            let points = rows.iter().zip(costs).map(|(rows, cost)| (*rows as f64, of(&cost[nth])));
            exponent(&points.collect::<Vec<_>>())
        };
        writeln!(out, " exponents {:.3} {:.3}", points(|cost| cost.wall), points(cpu))?;
    }
    Ok(())
}
