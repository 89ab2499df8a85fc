//! Runs a case through the real binary: every run of the case is one `cartage run`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::case::Case;
use super::compare::{compare, without_versions};
use super::documents::compare_documents;
use super::origin::Origin;
use super::pipeline_file::pipeline_file;
use super::place::{Destination, Place};
use super::snapshot::snapshot;

/// How cases are run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The `cartage` binary.
    pub binary: PathBuf,
    /// Where the cases load to.
    pub destination: Destination,
    /// Compare the counters of schema and state, too.
    pub strict: bool,
    /// Keep the working folder of a case that fails.
    pub keep: bool,
    /// How long one command may take.
    pub timeout: Duration,
}

impl RunOptions {
    /// The usual way to run cases through `binary`.
    pub fn new(binary: PathBuf) -> Self {
        Self {
            binary,
            destination: Destination::DuckDb,
            strict: false,
            keep: false,
            timeout: Duration::from_mins(1),
        }
    }
}

/// What came out of a case.
#[derive(Debug)]
pub struct Outcome {
    /// The differences; none if the case passes.
    pub differences: Vec<String>,
    /// The working folder, where it was kept.
    pub kept: Option<PathBuf>,
}

/// Runs all runs of a case and compares the dataset after each.
pub fn run_case(case: &Case, options: &RunOptions) -> Outcome {
    let work = match tempfile::Builder::new().prefix("oracle-").tempdir() {
        Ok(work) => work,
        Err(error) => {
            return Outcome { differences: vec![format!("no working folder: {error}")], kept: None };
        }
    };
    let mut differences = Vec::new();
    if let Err(error) = run_all(case, options, work.path(), &mut differences) {
        differences.push(format!("{error:#}"));
    }
    let kept = (options.keep && !differences.is_empty()).then(|| work.keep());
    Outcome { differences, kept }
}

fn run_all(case: &Case, options: &RunOptions, work: &Path, found: &mut Vec<String>) -> Result<()> {
    let place = options.destination.place(work, case.dataset());
    let origin = Origin::of(case, work)?;
    for (nth, (run, want)) in case.runs().iter().zip(&case.expected(options.destination)?).enumerate() {
        let nth = nth + 1;
        if let Some(origin) = &origin {
            origin.prepare(run, &case.folder.join("../.."))?;
        }
        fs::write(work.join("pipeline.toml"), pipeline_file(case, run, &place, origin.as_ref()))?;
        let (status, messages) = call(options, &place, work, "run")?;
        let must_fail = !want["error"].is_null();
        if must_fail == status.success() {
            let wanted = if must_fail { "an error" } else { "none" };
            found.push(format!("run {nth}: {status}, wanted {wanted}; {messages}"));
            if !must_fail {
                return Ok(());
            }
        }
        if !status.success() {
            call(options, &place, work, "abort")?;
        }
        if want["is_settled"] == false {
            return Ok(());
        }
        let context = || format!("run {nth}");
        let Some(dataset) = place.open().with_context(context)? else {
            if want["tables"].as_object().is_some_and(|tables| !tables.is_empty()) {
                found.push(format!("run {nth}: no dataset"));
            }
            continue;
        };
        let have = snapshot(&dataset, &case.document["ids"]).with_context(context)?;
        let view = |entry: Value| if options.strict { entry } else { without_versions(entry) };
        let mut differences = compare(&view(want.clone()), &view(have.clone()));
        differences.extend(compare_documents(want, &have));
        found.extend(differences.into_iter().map(|line| format!("run {nth}: {line}")));
    }
    Ok(())
}

/// Calls the binary on the pipeline file and returns the end of what it said.
fn call(options: &RunOptions, place: &Place, work: &Path, command: &str) -> Result<(ExitStatus, String)> {
    let log = work.join("messages");
    let mut process = Command::new(&options.binary);
    place.tell(&mut process);
    let mut child = process
        .args([command, "pipeline.toml"])
        .current_dir(work)
        .env("CARTAGE_DATA_DIR", work.join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log)?)
        .spawn()
        .with_context(|| format!("cannot start {}", options.binary.display()))?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            let messages = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
            let lines: Vec<&str> = messages.lines().collect();
            return Ok((status, lines[lines.len().saturating_sub(6)..].join(" | ")));
        }
        if start.elapsed() > options.timeout {
            child.kill()?;
            child.wait()?;
            bail!("no answer from `cartage {command}` in {} s", options.timeout.as_secs());
        }
        thread::sleep(Duration::from_millis(2));
    }
}
