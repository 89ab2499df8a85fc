//! Runs oracle cases and prints a line for each and a table by area: what `cargo xtask oracle` calls.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use cartage_tests::binaries::{binary, workspace};
use cartage_tests::oracle::{Case, Destination, RunOptions, run_case, serve};
use clap::Parser;

/// Runs oracle cases through the `cartage` binary and compares the outcome with dlt's.
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
struct Args {
    /// Only these cases.
    names: Vec<String>,
    /// The folder of the cases [default: fixtures/oracle/cases].
    #[arg(long)]
    cases: Option<PathBuf>,
    /// The binary to test [default: the one built beside this program].
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Where to load to: duckdb, postgres, mariadb, sqlite, parquet or jsonl.
    #[arg(long, default_value_t)]
    destination: Destination,
    /// Only cases of these areas; may be given more than once.
    #[arg(long)]
    area: Vec<String>,
    /// Compare the counters of schema and state, too.
    #[arg(long)]
    strict: bool,
    /// Keep the working folders of cases that fail.
    #[arg(long)]
    keep: bool,
    /// Print all cases and all differences.
    #[arg(long)]
    verbose: bool,
    /// Take cases that dlt went through just now from the input, one a line: what `cargo xtask differential` does.
    #[arg(long)]
    serve: bool,
    /// Seconds that one command may take.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
}

impl Args {
    fn wants(&self, case: &Case) -> bool {
        (self.names.is_empty() || self.names.contains(&case.name))
            && (self.area.is_empty() || self.area.contains(&case.area))
    }
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let folder = args.cases.clone().unwrap_or_else(|| workspace().join("fixtures/oracle/cases"));
    let program = args.binary.clone().unwrap_or_else(|| binary("cartage"));
    let options = RunOptions {
        destination: args.destination,
        strict: args.strict,
        keep: args.keep,
        timeout: Duration::from_secs(args.timeout),
        ..RunOptions::new(std::path::absolute(program)?)
    };
    if args.serve {
        serve(&options, io::stdin().lock(), io::stdout().lock())?;
        return Ok(ExitCode::SUCCESS);
    }
    let by_design = Case::different_by_design()?;
    let is_named = |case: &Case| args.names.contains(&case.name);
    let start = Instant::now();
    let mut areas: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut out = io::stdout().lock();
    for case in Case::all(&folder)?.iter().filter(|case| args.wants(case)) {
        if let Some(why) = by_design.get(&case.name).filter(|_| !is_named(case)) {
            writeln!(out, "skip {}: {}", case.name, why.as_str().unwrap_or_default())?;
            continue;
        }
        let outcome = run_case(case, &options);
        let good = outcome.differences.is_empty();
        let (passed, total) = areas.entry(case.area.clone()).or_default();
        *passed += usize::from(good);
        *total += 1;
        if !good || args.verbose {
            writeln!(out, "{} {}", if good { "ok  " } else { "FAIL" }, case.name)?;
        }
        for line in outcome.differences.iter().take(if args.verbose { usize::MAX } else { 3 }) {
            writeln!(out, "     {}", line.chars().take(400).collect::<String>())?;
        }
        if let Some(kept) = outcome.kept {
            writeln!(out, "     kept {}", kept.display())?;
        }
    }
    for (area, (passed, total)) in &areas {
        writeln!(out, "{area:18} {passed:3} of {total}")?;
    }
    let (passed, total) = areas.values().fold((0, 0), |sum, area| (sum.0 + area.0, sum.1 + area.1));
    writeln!(out, "{passed} passed, {} failed ({:.1} s)", total - passed, start.elapsed().as_secs_f64())?;
    Ok(if total > 0 && passed == total { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
