//! A REST API of 500 pages with 100 rows each: we and dlt, and curl for the bare pages. Memory of a stream of
//! five gigabytes.

mod server;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::engines::{Run, cartage_command, empty, our_stages, script, their_stages};
use super::measure::run as run_measured;
use super::report;
use server::{PAGES, ROWS, Server};

const DLT: &str = include_str!("rest/dlt_rest.py");

/// Milliseconds that the server thinks about each page.
const LATENCY: u64 = 20;

/// What is measured, and how often.
pub(super) struct Plan<'a> {
    pub(super) runs: usize,
    pub(super) dlt_runs: usize,
    pub(super) python: Option<&'a Path>,
    pub(super) folder: &'a Path,
}

/// How the pages are asked for.
#[derive(Clone, Copy, Debug)]
struct Case {
    title: &'static str,
    delay: u64,
    /// Whether pages may be asked for before the one before them is there.
    in_parallel: bool,
    destination: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        title: "20 ms a page, side by side, DuckDB",
        delay: LATENCY,
        in_parallel: true,
        destination: "duckdb",
    },
    Case {
        title: "20 ms a page, one by one, DuckDB",
        delay: LATENCY,
        in_parallel: false,
        destination: "duckdb",
    },
    Case { title: "no latency, Parquet files", delay: 0, in_parallel: true, destination: "filesystem" },
    Case { title: "no latency, DuckDB", delay: 0, in_parallel: true, destination: "duckdb" },
];

/// Measures and prints.
pub(super) fn run(plan: &Plan<'_>) -> Result<()> {
    let server = Server::start()?;
    let bytes = server.bytes();
    for case in CASES {
        let ours = (0..plan.runs).map(|_| cartage(case, server, plan.folder)).collect::<Result<Vec<_>>>()?;
        let mut rows = vec![report::Row { engine: "cartage", runs: ours }];
        let only_extract = (0..plan.runs).map(|_| extract_alone(case, server, plan.folder));
        rows.push(report::Row { engine: "our extract", runs: only_extract.collect::<Result<_>>()? });
        if !case.in_parallel {
            rows.push(report::Row { engine: "curl", runs: curl(case, server, plan)? });
        }
        if plan.dlt_runs > 0 {
            let theirs = (0..plan.dlt_runs).map(|_| dlt(case, server, plan));
            rows.push(report::Row { engine: "dlt", runs: theirs.collect::<Result<_>>()? });
        }
        report::print(&format!("{}: {PAGES} pages of {ROWS} rows", case.title), bytes, &rows)?;
    }
    Ok(())
}

/// Extracts five gigabytes and prints what it took.
pub(super) fn memory(folder: &Path) -> Result<()> {
    let server = Server::start()?;
    let work = empty(folder)?;
    let endpoint = "{ path = \"stream\", data_selector = \"items\", paginator = { type = \"cursor\", \
                    cursor_path = \"next_page\", cursor_param = \"page\" } }";
    write_pipeline(&work, server, endpoint, "duckdb")?;
    let (cost, stdout) = run_measured(&mut cartage_command("cartage-extract", &work, &[])?)?;
    let report: Value = serde_json::from_str(&stdout).context("extract printed no JSON")?;
    let input = &report["files"][0];
    let runs = vec![Run { cost, stages: our_stages(&stdout)? }];
    let rows = [report::Row { engine: "cartage", runs }];
    let bytes = input["bytes"].as_u64().unwrap_or_default();
    report::print(&format!("a stream of {} rows", input["rows"]), bytes, &rows)?;
    Ok(fs::remove_dir_all(&work)?)
}

fn cartage(case: Case, server: Server, folder: &Path) -> Result<Run> {
    let work = empty(folder)?;
    write_pipeline(&work, server, &endpoint(case), case.destination)?;
    let (cost, stdout) = run_measured(&mut cartage_command("cartage", &work, &["run"])?)?;
    check_rows(&stdout)?;
    Ok(Run { cost, stages: our_stages(&stdout)? })
}

fn extract_alone(case: Case, server: Server, folder: &Path) -> Result<Run> {
    let work = empty(folder)?;
    write_pipeline(&work, server, &endpoint(case), case.destination)?;
    let (cost, _) = run_measured(&mut cartage_command("cartage-extract", &work, &[])?)?;
    Ok(Run { cost, stages: Vec::new() })
}

fn check_rows(stdout: &str) -> Result<()> {
    let report: Value =
        serde_json::from_str(stdout).context("`cartage run --format json` printed no JSON")?;
    if report["tables"]["items"].as_u64() != Some((PAGES * ROWS) as u64) {
        bail!("cartage loaded {} rows, not {}", report["tables"]["items"], PAGES * ROWS);
    }
    Ok(())
}

fn endpoint(case: Case) -> String {
    let paginator = if case.in_parallel {
        "type = \"page_number\""
    } else {
        "type = \"cursor\", cursor_path = \"next_page\", cursor_param = \"page\""
    };
    format!("{{ path = \"items\", params = {{ delay = {} }}, paginator = {{ {paginator} }} }}", case.delay)
}

fn write_pipeline(work: &Path, server: Server, endpoint: &str, destination: &str) -> Result<()> {
    let text = format!(
        "[pipeline]\nname = \"bench\"\ndataset_name = \"bench\"\ndestination = \"{destination}\"\n\n\
         [destination.duckdb]\npath = \"out.duckdb\"\n\n\
         [destination.filesystem]\nbucket_url = \"lake\"\nloader_file_format = \"parquet\"\n\n\
         [sources.bench]\ntype = \"rest_api\"\n\n[sources.bench.client]\nbase_url = \"{}\"\n\n\
         [[sources.bench.resources]]\nname = \"items\"\nendpoint = {endpoint}\n",
        server.url()
    );
    Ok(fs::write(work.join("pipeline.toml"), text)?)
}

/// The pages by curl, over one connection.
fn curl(case: Case, server: Server, plan: &Plan<'_>) -> Result<Vec<Run>> {
    let one = || {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail", "--output", "/dev/null"]);
        command.arg(format!("{}/items?delay={}&page=[0-{}]", server.url(), case.delay, PAGES - 1));
        let (cost, _) = run_measured(&mut command)?;
        Ok(Run { cost, stages: Vec::new() })
    };
    (0..plan.runs).map(|_| one()).collect()
}

fn dlt(case: Case, server: Server, plan: &Plan<'_>) -> Result<Run> {
    let work = empty(plan.folder)?;
    let mut command = Command::new(plan.python.context("dlt needs Python")?);
    command.arg(script(&work, "dlt_rest.py", DLT)?).arg(server.url()).arg(case.delay.to_string());
    command.args([if case.in_parallel { "page_number" } else { "cursor" }, case.destination]);
    let (cost, stdout) = run_measured(command.arg(&work).current_dir(&work))?;
    Ok(Run { cost, stages: their_stages(&stdout)? })
}
