//! What a resource remembers: a position that a killed run goes on from, and a count that the source keeps.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use cartage::{BoxError, Resume, To, pipeline, resource, source};
use serde_json::json;

/// Pages that the API has.
const PAGES: u64 = 5;

fn main() -> Result<(), BoxError> {
    let pages = resource("pages", |run| {
        let (position, runs) = (run.state(), run.source_state());
        let first: u64 = position.get("next").unwrap_or(0);
        runs.set("runs", runs.get::<u64>("runs").unwrap_or(0) + 1);
        // Three pages a run, so that the next one has something to do.
        Ok((first..PAGES.min(first + 3)).map(move |page| {
            // It is loaded with the page that is given next, or not at all.
            position.set("next", page + 1);
            Ok(vec![json!({ "page": page })])
        }))
    })
    .resumes(Resume::AtEachPage);

    let api = pipeline("api").destination(To::duckdb("api.duckdb")).dataset("raw").open()?;
    for run in 1..=3 {
        let report = api.run(source("api").with(pages.clone()))?;
        println!("run {run}: {} rows", report.rows("pages"));
    }
    Ok(())
}
