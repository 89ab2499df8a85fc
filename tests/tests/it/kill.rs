//! `kill -9` at any moment, then another run: the tables and the state of an undisturbed run.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_tests::content::content;
use cartage_tests::harness::Bench;
use cartage_tests::state::decoded;
use serde_json::Value;

/// Moments at which the process of one case is killed, spread over the time of an undisturbed run. The cases
/// below that change a dataset that is there are five, so that there are a hundred of theirs.
const MOMENTS: u32 = 20;

/// Rows before the run that is killed, and how many of them it finds as they were.
const BEFORE: usize = 4000;
const UNCHANGED: usize = 2000;
/// Rows that it reads.
const AFTER: usize = 6000;

/// Rows of these numbers: the first ones in their first generation, the others in the one that is asked for.
fn rows(numbers: Range<usize>, generation: usize) -> String {
    let mut text = String::new();
    for i in numbers {
        let generation = if i < UNCHANGED { 1 } else { generation };
        let tags = if generation == 1 { r#""a", "b""# } else { r#""a""# };
        let _ = writeln!(
            text,
            r#"{{"id": {i}, "name": "row {i} {generation}", "at": {i}, "tags": [{tags}, "t{i}"], "deep": {{"x": {}, "list": [{{"k": {generation}}}]}}}}"#,
            i * 7
        );
    }
    text
}

/// A dataset after its first run, and the input of the second one.
fn prepared(more: &str) -> Bench {
    let bench = Bench::new();
    bench.write("items.jsonl", rows(0..BEFORE, 1));
    // Small files, so that every stage has several of everything.
    bench.items("items*.jsonl", &format!("{more}\n[data_writer]\nfile_max_items = 1500\n"));
    bench.cartage(&["run"]).exits_with(0);
    // Each input is a page at least, behind which a package can end.
    let inputs = [("items.jsonl", 0..4500), ("items_b.jsonl", 4500..5300), ("items_c.jsonl", 5300..AFTER)];
    for (name, numbers) in inputs {
        bench.write(name, rows(numbers, 2));
    }
    bench
}

fn copied(from: &Bench) -> Bench {
    let bench = Bench::new();
    copy(from.path(), bench.path());
    bench
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// Cursors and whatever else the sources keep.
fn sources(bench: &Bench) -> Value {
    let newest = "SELECT state FROM data._dlt_pipeline_state ORDER BY version DESC LIMIT 1";
    let state: String = bench.database().query_row(newest, [], |row| row.get(0)).expect("there is a state");
    let mut sources = decoded(&state).expect("a state")["sources"].take();
    // Where a run starts is not that of one that was interrupted between two packages.
    if let Some(cursor) = sources.pointer_mut("/test/resources/items/incremental/at") {
        cursor.as_object_mut().expect("an entry").remove("start_value");
    }
    sources
}

/// Whether the run had done everything and was only about to exit: another one is a new run then.
fn is_complete(bench: &Bench, loaded_before: usize) -> bool {
    let marker = bench.data_dir().join("pipelines/test/run.json");
    !marker.exists() && bench.package_names("loaded").len() > loaded_before
}

fn killed_anywhere(more: &str, packages: usize) {
    let start = prepared(more);
    let loaded_before = start.package_names("loaded").len();
    let undisturbed = copied(&start);
    let begin = Instant::now();
    undisturbed.cartage(&["run"]).exits_with(0);
    let whole = begin.elapsed();
    let wanted = content(&undisturbed.database());
    let state = sources(&undisturbed);
    assert_ne!(wanted, content(&start.database()), "the run changes something");
    assert_eq!(undisturbed.package_names("loaded").len() - loaded_before, packages, "{more}");
    for moment in 0..MOMENTS {
        let bench = copied(&start);
        let mut child = bench.start(&["run"]);
        sleep(whole * moment / MOMENTS + Duration::from_millis(1));
        let _ = child.kill();
        let status = child.wait().expect("a child ends");
        if status.signal().is_some() && !is_complete(&bench, loaded_before) {
            bench.cartage(&["run"]).exits_with(0);
        }
        let when = format!("killed after {moment}/{MOMENTS} of {whole:?} with {more:?}");
        assert_eq!(content(&bench.database()), wanted, "{when}");
        assert_eq!(sources(&bench), state, "{when}");
        let loads = "SELECT count(*) - count(DISTINCT load_id) FROM data._dlt_loads";
        assert_eq!(bench.number(loads), 0, "one row per load: {when}");
        let staging = "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 'data_staging'";
        assert_eq!(bench.number(staging), 0, "nothing is left in flight: {when}");
        for folder in ["staging", "extracted", "normalized"] {
            assert_eq!(bench.package_names(folder), [""; 0], "{folder}/ is left empty: {when}");
        }
    }
}

#[test]
fn a_killed_append_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere("write_disposition = \"append\"", 1);
}

#[test]
fn a_killed_replace_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere("write_disposition = \"replace\"", 1);
}

#[test]
fn a_killed_replace_from_staging_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere(
        "write_disposition = { disposition = \"replace\", strategy = \"insert-from-staging\" }",
        1,
    );
}

#[test]
fn a_killed_merge_by_delete_insert_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere("write_disposition = \"merge\"\nprimary_key = \"id\"", 1);
}

#[test]
fn a_killed_upsert_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere(
        "write_disposition = { disposition = \"merge\", strategy = \"upsert\" }\nprimary_key = \"id\"",
        1,
    );
}

#[test]
fn a_killed_scd2_that_runs_again_leaves_the_history_of_one_run() {
    killed_anywhere("write_disposition = { disposition = \"merge\", strategy = \"scd2\" }", 1);
}

#[test]
fn a_killed_incremental_append_in_packages_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere(
        "write_disposition = \"append\"\nincremental = { cursor_path = \"at\", row_order = \"asc\" }\n\
         [extract]\npackage_max_rows = 300",
        3,
    );
}
