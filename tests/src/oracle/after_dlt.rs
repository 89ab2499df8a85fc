//! Cases that dlt went through just now: what it left is read as ours is, instead of from `expected.json`.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::case::Case;
use super::dataset::Dataset;
use super::duckdb_file::DuckDbFile;
use super::run::{RunOptions, run_case};
use super::snapshot::snapshot;

/// A case, and what dlt made of it.
#[derive(Deserialize)]
struct Request {
    /// The folder of the case.
    case: PathBuf,
    /// What its runs left; shorter than the case where one failed in a way that leaves the rest to chance.
    runs: Vec<Left>,
}

/// What one run of dlt left.
#[derive(Deserialize)]
struct Left {
    /// The error that ended it, with its `step`.
    error: Value,
    /// A copy of the database after it; none where there was none.
    database: Option<PathBuf>,
}

/// Answers each line of `input`, a case that dlt went through, with a line of what is different with our binary:
/// `{"differences": [..], "kept": null}`.
///
/// # Errors
/// Lines that are not a request, and answers that are not read. What goes wrong with a case is a difference.
pub fn serve(options: &RunOptions, input: impl BufRead, mut output: impl Write) -> Result<()> {
    for line in input.lines() {
        let request: Request = serde_json::from_str(&line?).context("a request is one line of JSON")?;
        let answer = match case(&request) {
            Ok(case) => {
                let outcome = run_case(&case, options);
                json!({"differences": outcome.differences, "kept": outcome.kept})
            }
            Err(error) => json!({"differences": [format!("unreadable: {error:#}")], "kept": null}),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

fn case(request: &Request) -> Result<Case> {
    let document = super::case::read(&request.case.join("case.json"))?;
    let dataset = document["dataset"].as_str().context("a case has a dataset")?;
    let entry = |(nth, left): (usize, &Left)| {
        entry(left, dataset, &document["ids"]).with_context(|| format!("what dlt left after run {}", nth + 1))
    };
    let runs = request.runs.iter().enumerate().map(entry).collect::<Result<_>>()?;
    Case::after_dlt(&request.case, runs)
}

/// An entry as in `expected.json`.
fn entry(left: &Left, dataset: &str, ids: &Value) -> Result<Value> {
    // How much of a package was loaded before one of its jobs failed is a matter of time.
    let is_settled = left.error["step"] != "load";
    let mut entry = match &left.database {
        Some(database) if is_settled => read(database, dataset, ids)?,
        _ => json!({}),
    };
    entry["error"] = left.error.clone();
    entry["is_settled"] = is_settled.into();
    Ok(entry)
}

fn read(database: &Path, dataset: &str, ids: &Value) -> Result<Value> {
    snapshot(&Dataset::new(Box::new(DuckDbFile::open(database, dataset)?))?, ids)
}
