//! `kill -9` of a pipeline in Rust at any moment, then another run: the tables and the state of an undisturbed one.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_tests::binaries::example;
use cartage_tests::content::content;
use cartage_tests::harness::Bench;
use serde_json::Value;

/// Moments at which the process is killed, spread over the time of an undisturbed run.
const MOMENTS: u32 = 24;

/// What the sources remember. Where a run starts is not that of one that was interrupted.
fn remembered(bench: &Bench) -> Value {
    let text = fs::read_to_string(bench.data_dir().join("pipelines/test/state.json")).expect("a state");
    let state: Value = serde_json::from_str(&text).expect("JSON");
    let mut sources = state["sources"].clone();
    let entry = &mut sources["test"]["resources"]["events"]["incremental"]["id"];
    entry.as_object_mut().expect("an entry").remove("start_value");
    sources
}

/// Whether the run had done everything and was only about to exit: another one is a new run then.
fn is_complete(bench: &Bench) -> bool {
    let marker = bench.data_dir().join("pipelines/test/run.json");
    !marker.exists() && !bench.package_names("loaded").is_empty()
}

#[test]
fn a_pipeline_in_rust_that_is_killed_goes_on_and_leaves_the_tables_of_one_run() {
    let undisturbed = Bench::new();
    let begin = Instant::now();
    undisturbed.example("backfill").exits_with(0);
    let whole = begin.elapsed();
    let (wanted, state) = (content(&undisturbed.database()), remembered(&undisturbed));
    assert_eq!((wanted["pages"].0, wanted["details"].0, wanted["people__list"].0), (3000, 3000, 3000));
    assert!(undisturbed.package_names("loaded").len() > 1, "the run has one package only");
    for moment in 0..MOMENTS {
        let bench = Bench::new();
        let mut command = bench.program(&example("backfill"), [""; 0]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        sleep(whole * moment / MOMENTS + Duration::from_millis(1));
        let _ = child.kill();
        child.wait().expect("a child ends");
        if !is_complete(&bench) {
            bench.example("backfill").exits_with(0);
        }
        let when = format!("killed after {moment}/{MOMENTS} of {whole:?}");
        assert_eq!(content(&bench.database()), wanted, "{when}");
        assert_eq!(remembered(&bench), state, "{when}");
        for folder in ["staging", "extracted", "normalized"] {
            assert_eq!(bench.package_names(folder), [""; 0], "{folder}/ is left empty: {when}");
        }
    }
}
