//! Looks for losses in random cases: what `cargo xtask losses` calls.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cartage_tests::binaries::{binary, workspace};
use cartage_tests::losses::{Counts, check, generate, shrink, write};
use clap::Parser;

/// Sends random rows through the `cartage` binary and looks for each value at the destination.
#[derive(Parser)]
struct Args {
    /// How many cases.
    #[arg(long, default_value_t = 200)]
    cases: u64,
    /// The seed of the first case; those behind it count up.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Go on for this many minutes, however many cases that are.
    #[arg(long)]
    minutes: Option<u64>,
    /// The binary to test [default: the one built beside this program].
    #[arg(long)]
    binary: Option<PathBuf>,
    /// How often a failing case may be run again to make it small.
    #[arg(long, default_value_t = 150)]
    tries: usize,
    /// Where small cases go [default: target/losses].
    #[arg(long)]
    folder: Option<PathBuf>,
    /// How many small cases of a kind of finding are made.
    #[arg(long, default_value_t = 3)]
    examples: u64,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let program = std::path::absolute(args.binary.clone().unwrap_or_else(|| binary("cartage")))?;
    let folder = args.folder.clone().unwrap_or_else(|| workspace().join("target/losses"));
    let (start, mut counts, mut out) = (Instant::now(), Counts::default(), io::stdout().lock());
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut cases, mut failed) = (0, 0);
    let end = args.minutes.map(|minutes| Duration::from_secs(60 * minutes));
    let mut seed = args.seed;
    while end.map_or(cases < args.cases, |end| start.elapsed() < end) {
        let case = generate(seed);
        let judgement = check(&case, &program).with_context(|| format!("seed {seed}"))?;
        counts.add(&judgement.counts);
        cases += 1;
        if let Some(first) = judgement.findings.first() {
            failed += 1;
            let known = kinds.entry(first.kind).or_default();
            *known += 1;
            writeln!(out, "seed {seed}: {}: {}", first.kind, short(&first.text))?;
            if *known <= args.examples {
                let small = shrink(&case, first.kind, &program, args.tries);
                describe(&small, &folder.join(seed.to_string()), &program, &mut out)?;
            }
        }
        if cases % 100 == 0 {
            summary(cases, failed, &counts, start.elapsed(), &mut out)?;
        }
        seed += 1;
    }
    writeln!(out, "seeds {} to {}", args.seed, seed - 1)?;
    summary(cases, failed, &counts, start.elapsed(), &mut out)?;
    for (kind, count) in kinds {
        writeln!(out, "{kind}: {count} cases")?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes the files of a case, and says how to run it.
fn describe(
    case: &cartage_tests::losses::Case,
    folder: &Path,
    program: &Path,
    out: &mut impl Write,
) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    write(case, folder)?;
    for found in check(case, program)?.findings.iter().take(3) {
        writeln!(out, "    {}: {}", found.kind, short(&found.text))?;
    }
    for (run, files) in case.runs.iter().enumerate() {
        for file in files {
            writeln!(
                out,
                "    run {run}: {:?} {:?} {}",
                case.tables[file.table],
                file.format,
                short(&format!("{:?} {:?}", file.types, file.rows))
            )?;
        }
    }
    writeln!(
        out,
        "    cd {} && for run in run*; do cp $run/pipeline.toml . && CARTAGE_DATA_DIR=data cartage run; done",
        folder.display()
    )?;
    out.flush()?;
    Ok(())
}

fn summary(cases: u64, failed: u64, counts: &Counts, took: Duration, out: &mut impl Write) -> Result<()> {
    let Counts { runs, rows, column, variant, document, child, quarantine, noted, refused, replaced } =
        counts;
    writeln!(
        out,
        "{cases} cases, {failed} with findings; {runs} runs, {rows} rows, {} values: {column} in their columns, \
         {variant} in variants, {document} in documents, {child} in tables below, {quarantine} kept apart, {noted} \
         counted in the summary, {refused} in runs that were refused by name, {replaced} replaced ({:.0} s)",
        counts.values(),
        took.as_secs_f64()
    )?;
    out.flush()?;
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(700).collect()
}
