//! `kill -9` at any moment, then a second run: the rows of an undisturbed run.

use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_tests::content::content;
use cartage_tests::harness::Bench;

/// Moments at which the process is killed, spread over the time of an undisturbed run.
const MOMENTS: u32 = 25;

fn rows() -> String {
    let mut text = String::new();
    for i in 0..30_000 {
        let _ = writeln!(
            text,
            r#"{{"id": {i}, "name": "row {i}", "at": "2024-01-01T00:00:{:02}Z", "tags": ["a", "b{i}"], "deep": {{"x": {}, "list": [{{"k": {i}}}]}}}}"#,
            i % 60,
            i * 7
        );
    }
    text
}

fn prepared(rows: &str, more: &str) -> Bench {
    let bench = Bench::new();
    bench.write("items.jsonl", rows);
    // Small files, so that every stage has several of everything.
    bench.items("items.jsonl", &format!("{more}\n[data_writer]\nfile_max_items = 8000\n"));
    bench
}

/// Whether the run had done everything and was only about to exit: another one is a new run then.
fn is_complete(bench: &Bench) -> bool {
    let marker = bench.data_dir().join("pipelines/test/run.json");
    !marker.exists() && !bench.package_names("loaded").is_empty()
}

fn killed_anywhere(more: &str) {
    let rows = rows();
    let undisturbed = prepared(&rows, more);
    let begin = Instant::now();
    undisturbed.cartage(&["run"]).exits_with(0);
    let whole = begin.elapsed();
    let wanted = content(&undisturbed.database());
    assert_eq!(wanted["items"].0, 30_000);
    for moment in 0..MOMENTS {
        let bench = prepared(&rows, more);
        let mut child = bench.start(&["run"]);
        sleep(whole * moment / MOMENTS + Duration::from_millis(1));
        let _ = child.kill();
        let status = child.wait().expect("a child ends");
        if status.signal().is_some() && !is_complete(&bench) {
            bench.cartage(&["run"]).exits_with(0);
        }
        let found = content(&bench.database());
        assert_eq!(found, wanted, "killed after {moment}/{MOMENTS} of {whole:?} with {more:?}");
        let loads = "SELECT count(*) FROM data._dlt_loads";
        let distinct = "SELECT count(DISTINCT load_id) FROM data._dlt_loads";
        assert_eq!(bench.number(loads), bench.number(distinct), "one row per load");
        assert_eq!(bench.number("SELECT count(DISTINCT _dlt_load_id) FROM data.items"), 1);
        for folder in ["staging", "extracted", "normalized"] {
            assert_eq!(bench.package_names(folder), [""; 0], "{folder}/ is left empty");
        }
    }
}

#[test]
fn a_killed_append_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere("write_disposition = \"append\"");
}

#[test]
fn a_killed_replace_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere("write_disposition = \"replace\"");
}

#[test]
fn a_killed_replace_from_staging_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere("write_disposition = { disposition = \"replace\", strategy = \"insert-from-staging\" }");
}
