//! `cargo xtask fuzz`: random bytes for everything that reads what others wrote.
//!
//! The targets are a crate of their own, `fuzz/`, because they and all below them are compiled with counters in them.
//! Why with libFuzzer and on stable Rust stands in `docs/decisions/0032`.

mod build;
mod outcome;

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

use crate::tools::{run as run_command, target, workspace};
use outcome::Outcome;

/// What is fuzzed: a file of `fuzz/targets` and a folder of `fixtures/fuzz` each.
const TARGETS: [&str; 7] = ["config", "csv", "jsonl", "package", "parquet", "rest", "schema"];

/// Seconds of a target where nobody says how many.
const SECONDS: u64 = 60;

/// Processes at a time.
const PROCESSES: usize = 2;

/// Limits of a process: seconds for one input, and megabytes. A single allocation is limited by the targets.
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=1024"];

/// Arguments of `fuzz`.
#[derive(clap::Args)]
#[command(after_long_help = "\
Each target reads inputs that libFuzzer makes of the seeds in `fixtures/fuzz/TARGET` and of what earlier runs found. It \
fails at a panic (those of libraries count only where the product does not contain them), after 10 seconds with one \
input, and beyond 2 GiB of memory. A seed is a file as a user has it; a first line `#! {..}` holds settings for the \
target, and `fuzz/targets/TARGET.rs` says which.

  cargo xtask fuzz                              all targets, a minute each
  cargo xtask fuzz csv rest --seconds 3600      two targets, an hour each
  cargo xtask fuzz csv --input FILE             one input, to see what it does
  cargo xtask fuzz csv --input FILE --minimize  makes an input that fails smaller

What is left behind is in `fuzz` of the target folder: `corpus/TARGET`, from which the next run goes on, \
`artifacts/TARGET` with inputs that failed, and `TARGET.log`. An input that failed becomes a seed when its fault is fixed: \
minimized, and with a name that says what was wrong.")]
pub(crate) struct Args {
    /// The targets: config, csv, jsonl, package, parquet, rest, schema [default: all of them].
    #[arg(value_parser = TARGETS)]
    targets: Vec<String>,
    /// Seconds of each target.
    #[arg(long, default_value_t = SECONDS)]
    seconds: u64,
    /// Begins with the seeds alone and with the same random numbers each time, as CI does.
    #[arg(long)]
    from_seeds: bool,
    /// Runs one target with this input only.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Looks for a smaller input that fails as well, for this many seconds.
    #[arg(long, requires = "input")]
    minimize: bool,
}

/// Builds and runs the targets.
pub(crate) fn run(args: &Args) -> Result<()> {
    let all = TARGETS.map(str::to_owned);
    let targets = if args.targets.is_empty() { &all[..] } else { &args.targets[..] };
    if let Some(input) = &args.input {
        let [target] = targets else { bail!("`--input` goes with one target: name it") };
        return one_input(&build::targets(&[target])?, target, input, args);
    }
    let names: Vec<&str> = targets.iter().map(String::as_str).collect();
    let binaries = build::targets(&names)?;
    let failed = fuzz(&binaries, &names, args)?;
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// All targets, a minute each, from the seeds: what CI says of a commit must not depend on what earlier runs found.
pub(crate) fn short() -> Result<()> {
    run(&Args { targets: Vec::new(), seconds: SECONDS, from_seeds: true, input: None, minimize: false })
}

/// The folder of all that is left behind.
fn folder() -> PathBuf {
    target().join("fuzz")
}

/// Runs the targets, some at a time, and gives the names of those that failed.
fn fuzz(binaries: &Path, names: &[&str], args: &Args) -> Result<Vec<String>> {
    let waiting: Mutex<VecDeque<&str>> = Mutex::new(names.iter().copied().collect());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let failed = Mutex::new(Vec::new());
    eprintln!("{}", outcome::HEAD);
    std::thread::scope(|scope| {
        let work = || -> Result<()> {
            while let Some(name) = next() {
                let outcome = fuzz_one(binaries, name, args)?;
                eprintln!("{}", outcome.shown(name));
                if outcome.failure.is_some() {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
                }
            }
            Ok(())
        };
        let workers: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("the work does not panic"))
    })?;
    Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn fuzz_one(binaries: &Path, name: &str, args: &Args) -> Result<Outcome> {
    let log = folder().join(format!("{name}.log"));
    let (temporary, new_corpus) = (temporary_folder()?, temporary_folder()?);
    let corpus =
        if args.from_seeds { new_corpus.path().to_owned() } else { folder().join("corpus").join(name) };
    fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    let mut command = command(binaries, name, temporary.path())?;
    if args.from_seeds {
        command.arg("-seed=1");
    }
    // What is found goes to the first folder; the seeds are only read.
    command.arg(&corpus).arg(seeds(name));
    command.arg(format!("-max_total_time={}", args.seconds)).arg("-print_final_stats=1");
    let dictionary = workspace().join("fuzz/dictionaries").join(format!("{name}.dict"));
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    let file = fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let status = command.stdout(Stdio::null()).stderr(file).status();
    let status = status.with_context(|| format!("cannot start the target {name}"))?;
    let text = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
    Ok(Outcome::of(&String::from_utf8_lossy(&text), status.success(), &log))
}

/// Runs a target with one input.
fn one_input(binaries: &Path, name: &str, input: &Path, args: &Args) -> Result<()> {
    let input = std::path::absolute(input)?;
    let temporary = temporary_folder()?;
    let mut command = command(binaries, name, temporary.path())?;
    command.arg(&input).env("CARTAGE_FUZZ_ALL", "1");
    if args.minimize {
        command.arg("-minimize_crash=1").arg(format!("-max_total_time={}", args.seconds));
    }
    run_command(&mut command)
}

/// A target with its limits, which works in a folder of its own.
fn command(binaries: &Path, name: &str, temporary: &Path) -> Result<Command> {
    let artifacts = folder().join("artifacts").join(name);
    fs::create_dir_all(&artifacts).with_context(|| format!("cannot make {}", artifacts.display()))?;
    let mut command = Command::new(binaries.join(name));
    command.args(LIMITS).arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.current_dir(temporary).env("TMPDIR", temporary);
    Ok(command)
}

fn seeds(name: &str) -> PathBuf {
    workspace().join("fixtures/fuzz").join(name)
}

/// In memory where the system has such a folder: a target may write files thousands of times a second.
fn temporary_folder() -> Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.context("cannot make a temporary folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_file_and_seeds() {
        for name in TARGETS {
            assert!(workspace().join(format!("fuzz/targets/{name}.rs")).is_file(), "{name}");
            assert!(fs::read_dir(seeds(name)).unwrap().next().is_some(), "{name}");
        }
    }
}
