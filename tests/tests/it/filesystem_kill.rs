//! `kill -9` at any moment while a folder is loaded, then a second run: the rows of an undisturbed run.

use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_tests::harness::Bench;

const MOMENTS: u32 = 25;

fn prepared(resource: &str) -> Bench {
    let bench = Bench::new();
    let mut text = String::new();
    for id in 0..20_000 {
        let _ = writeln!(text, r#"{{"id": {id}, "name": "row {id}", "tags": ["a", "b{id}"]}}"#);
    }
    bench.write("items.jsonl", text);
    // Small files, so that there are many jobs.
    bench.lake("", &format!("{resource}\n[normalize.data_writer]\nfile_max_bytes = 20000\n"));
    bench
}

fn is_complete(bench: &Bench) -> bool {
    let marker = bench.data_dir().join("pipelines/test/run.json");
    !marker.exists() && !bench.package_names("loaded").is_empty()
}

fn killed_anywhere(resource: &str) {
    let undisturbed = prepared(resource);
    let begin = Instant::now();
    undisturbed.cartage(&["run"]).exits_with(0);
    let whole = begin.elapsed();
    let wanted = ["items", "items__tags"].map(|table| undisturbed.lake_rows(table));
    assert_eq!(wanted[0].len(), 20_000);
    let replaces = resource.contains("replace");
    for moment in 0..MOMENTS {
        let bench = prepared(resource);
        if replaces {
            bench.cartage(&["run"]).exits_with(0);
        }
        let mut child = bench.start(&["run"]);
        sleep(whole * moment / MOMENTS + Duration::from_millis(1));
        let _ = child.kill();
        let status = child.wait().expect("a child ends");
        if status.signal().is_some() && (replaces || !is_complete(&bench)) {
            bench.cartage(&["run"]).exits_with(0);
        }
        let found = ["items", "items__tags"].map(|table| bench.lake_rows(table));
        assert!(found == wanted, "killed after {moment}/{MOMENTS} of {whole:?}: {} rows", found[0].len());
        assert_eq!(bench.lake_files("_cartage"), [""; 0], "nothing is left in flight");
    }
}

#[test]
fn a_killed_append_into_a_folder_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere("write_disposition = \"append\"");
}

#[test]
fn a_killed_replace_in_a_folder_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere("write_disposition = \"replace\"");
}
