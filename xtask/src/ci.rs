//! `cargo xtask ci`: everything a change must pass, each step with its seconds.
//!
//! Every step uses the release profile and the whole workspace, so that all of them share one build of
//! the bundled DuckDB.

use std::fmt::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::tools::{cargo, output, run as run_command, shown, workspace};

/// Arguments of `ci`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the steps whose name holds one of these texts.
    steps: Vec<String>,
    /// Goes on after a step that fails.
    #[arg(long)]
    keep_going: bool,
}

/// A step: its name and what it does, given when the first one began.
type Step = (&'static str, fn(Instant) -> Result<()>);

/// After this many seconds everything was built from nothing, and there is no time to build the targets of fuzzing,
/// too.
const TOO_LATE_TO_FUZZ: u64 = 45 * 60;

const STEPS: [Step; 12] = [
    ("format", |_| format()),
    ("tidy", |_| crate::tidy::run()),
    ("build", |_| run_command(cargo().args(["build", "--release", "--workspace", "--all-targets"]))),
    ("clippy", |_| {
        run_command(cargo().args([
            "clippy",
            "--release",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    }),
    ("tests", |_| crate::services::with(tests)),
    ("differential", |_| crate::differential::short()),
    ("doctests", |_| run_command(cargo().args(["test", "--release", "--workspace", "--doc", "--quiet"]))),
    ("rustdoc", |_| {
        run_command(
            cargo().args(["doc", "--release", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"),
        )
    }),
    ("stage binaries", |_| crate::dist::run(&crate::dist::Args::default())),
    ("instructions", |_| crate::instructions::run(&crate::instructions::Args::default())),
    ("licences", |_| licences()),
    ("fuzz", fuzz),
];

/// Runs the steps.
pub(crate) fn run(args: &Args) -> Result<()> {
    let before = changes()?;
    let mut failed = Vec::new();
    let mut report = String::new();
    let begun = Instant::now();
    let wanted =
        |name: &str| args.steps.is_empty() || args.steps.iter().any(|step| name.contains(step.as_str()));
    for (name, step) in STEPS.into_iter().filter(|(name, _)| wanted(name)) {
        eprintln!("== {name}");
        let start = Instant::now();
        let result = step(begun);
        let verdict = if result.is_ok() { "ok" } else { "FAILED" };
        writeln!(report, "{name:16} {verdict:7} {:7.1} s", start.elapsed().as_secs_f64())?;
        if let Err(error) = result {
            eprintln!("{name}: {error:#}");
            failed.push(name);
            if !args.keep_going {
                break;
            }
        }
    }
    if changes()? != before {
        failed.push("clean tree");
        eprintln!("the steps changed files of the tree: commit what they generate");
    }
    eprint!("\n{report}");
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// The targets of fuzzing are not part of the workspace.
fn format() -> Result<()> {
    run_command(cargo().args(["fmt", "--all", "--check"]))?;
    run_command(cargo().args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
}

/// Each test in a process of its own where cargo-nextest is there, else cargo's own runner.
fn tests() -> Result<()> {
    if has(&["nextest", "--version"]) {
        return run_command(cargo().args(["nextest", "run", "--release", "--workspace"]));
    }
    eprintln!("cargo-nextest is not installed (`cargo install cargo-nextest --locked`): using `cargo test`");
    run_command(cargo().args(["test", "--release", "--workspace", "--lib", "--bins", "--tests", "--quiet"]))
}

fn licences() -> Result<()> {
    if has(&["deny", "--version"]) {
        return run_command(cargo().args(["deny", "check", "bans", "licenses", "sources"]));
    }
    eprintln!("skipped: cargo-deny is not installed (`cargo install cargo-deny --locked`)");
    Ok(())
}

/// A minute of each target, unless DuckDB had to be compiled: building the targets as well would take too long.
fn fuzz(begun: Instant) -> Result<()> {
    if begun.elapsed().as_secs() < TOO_LATE_TO_FUZZ {
        return crate::fuzz::short();
    }
    eprintln!(
        "NOT FUZZED: everything was built from nothing, which leaves no time to build the targets as well. The next \
         run does it, and so does `cargo xtask fuzz`"
    );
    Ok(())
}

fn has(words: &[&str]) -> bool {
    let status = cargo().args(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// What git says about changed files; nothing where the tree is not a checkout.
fn changes() -> Result<String> {
    let mut git = Command::new("git");
    git.args(["status", "--porcelain"]).current_dir(workspace());
    match output(&mut git) {
        Ok(text) => Ok(text),
        Err(_) if !workspace().join(".git").exists() => Ok(String::new()),
        Err(error) => Err(error.context(format!("cannot run {}", shown(&git)))),
    }
}
