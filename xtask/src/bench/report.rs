//! Prints medians as a table, with ratios to the first engine.

use std::io::{Write, stdout};

use anyhow::Result;

use super::engines::Run;
use super::measure::Cost;

/// The runs of one engine.
pub(super) struct Row {
    pub(super) engine: &'static str,
    pub(super) runs: Vec<Run>,
}

impl Row {
    /// Runs an engine this many times.
    pub(super) fn measured(
        engine: &'static str,
        runs: usize,
        work: impl Fn() -> Result<Run>,
    ) -> Result<Self> {
        Ok(Self { engine, runs: (0..runs).map(|_| work()).collect::<Result<_>>()? })
    }

    fn wall(&self) -> f64 {
        median(self.runs.iter().map(|run| run.cost.wall)).unwrap_or(f64::NAN)
    }
}

/// Prints the table of a workload whose input has this many bytes.
pub(super) fn print(title: &str, bytes: u64, rows: &[Row]) -> Result<()> {
    let mut out = stdout().lock();
    let megabytes = bytes as f64 / 1e6;
    writeln!(out, "\n{title}, {megabytes:.0} MB")?;
    writeln!(
        out,
        "{:14} {:>8} {:>8} {:>8} {:>8} {:>8}  seconds per stage",
        "", "wall s", "cpu s", "peak MB", "MB/s", "ratio"
    )?;
    let ours = rows.first().map_or(f64::NAN, Row::wall);
    for row in rows {
        let wall = row.wall();
        let cpu = median(row.runs.iter().filter_map(|run| run.cost.cpu));
        let peak = median(row.runs.iter().filter_map(|run| run.cost.peak));
        writeln!(
            out,
            "{:14} {wall:8.2} {:>8} {:>8} {:8.0} {:8.2}  {}",
            row.engine,
            shown(cpu, 2),
            shown(peak, 0),
            megabytes / wall,
            wall / ours,
            stages(row)
        )?;
    }
    Ok(())
}

/// Prints what our stages cost as processes of their own.
pub(super) fn print_stages(stages: &[(&str, Cost)]) -> Result<()> {
    let mut out = stdout().lock();
    for (name, cost) in stages {
        let (cpu, peak) = (shown(cost.cpu, 2), shown(cost.peak, 0));
        writeln!(out, "  {name:17} {:3.2} s, {cpu} s of CPU, peak {peak} MB", cost.wall)?;
    }
    Ok(())
}

fn stages(row: &Row) -> String {
    let Some(first) = row.runs.first() else { return String::new() };
    let of = |name: &String| {
        let seconds = row.runs.iter().filter_map(|run| run.stages.iter().find(|(stage, _)| stage == name));
        median(seconds.map(|(_, seconds)| *seconds))
    };
    let shown = first.stages.iter().map(|(name, _)| format!("{name} {}", shown(of(name), 2)));
    shown.collect::<Vec<_>>().join(", ")
}

fn shown(number: Option<f64>, digits: usize) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.digits$}"))
}

/// The middle value, or the mean of the two in the middle.
fn median(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => None,
        count if count % 2 == 1 => Some(numbers[middle]),
        _ => Some(f64::midpoint(numbers[middle - 1], numbers[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.5));
        assert_eq!(median([].into_iter()), None);
    }
}
