//! `kill -9` at any moment, then another run: the tables and the state of an undisturbed run.

use std::fmt::Write as _;
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_tests::content::content;
use cartage_tests::harness::Bench;
use cartage_tests::site::{Site, Target};
use cartage_tests::state::decoded;
use duckdb::Connection;
use serde_json::Value;

/// Moments at which the process of one case is killed, spread over the time of an undisturbed run. The cases
/// below that change a dataset that is there are five with DuckDB, so that there are a hundred of theirs; with
/// each other kind of destination there are fifty.
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
fn prepared(target: Target, more: &str) -> Site {
    let site = Site::new(target);
    site.bench.write("items.jsonl", rows(0..BEFORE, 1));
    // Small files, so that every stage has several of everything.
    site.pipeline(&format!(
        "[[sources.test.resources]]\nname = \"items\"\npath = \"items*.jsonl\"\n{more}\n\
         [data_writer]\nfile_max_items = 1500\n"
    ));
    site.cartage(&["run"]).exits_with(0);
    // Each input is a page at least, behind which a package can end.
    let inputs = [("items.jsonl", 0..4500), ("items_b.jsonl", 4500..5300), ("items_c.jsonl", 5300..AFTER)];
    for (name, numbers) in inputs {
        site.bench.write(name, rows(numbers, 2));
    }
    site
}

/// Cursors and whatever else the sources keep.
fn sources(database: &Connection) -> Value {
    let newest = "SELECT state FROM data._dlt_pipeline_state ORDER BY version DESC LIMIT 1";
    let state: String = database.query_row(newest, [], |row| row.get(0)).expect("there is a state");
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

fn killed_anywhere(target: Target, moments: u32, more: &str, packages: usize) {
    killed_run_anywhere(&prepared(target, more), moments, packages, &format!("{target:?} with {more:?}"));
}

/// The next run of the pipeline `test` is killed at this many points, run again, and compared with one that was not;
/// it loads this many packages.
pub(crate) fn killed_run_anywhere(start: &Site, moments: u32, packages: usize, what: &str) {
    let loaded_before = start.bench.package_names("loaded").len();
    let undisturbed = start.copied();
    let begin = Instant::now();
    undisturbed.cartage(&["run"]).exits_with(0);
    let whole = begin.elapsed();
    let database = undisturbed.look();
    let (wanted, state) = (content(&database), sources(&database));
    assert_ne!(wanted, content(&start.look()), "the run changes something");
    assert_eq!(undisturbed.bench.package_names("loaded").len() - loaded_before, packages, "{what}");
    for moment in 0..moments {
        let site = start.copied();
        let mut child = site.start(&["run"]);
        sleep(whole * moment / moments + Duration::from_millis(1));
        let _ = child.kill();
        let status = child.wait().expect("a child ends");
        if status.signal().is_some() && !is_complete(&site.bench, loaded_before) {
            site.cartage(&["run"]).exits_with(0);
        }
        let when = format!("{what}, killed after {moment}/{moments} of {whole:?}");
        let database = site.look();
        assert_eq!(content(&database), wanted, "{when}");
        assert_eq!(sources(&database), state, "{when}");
        let doubled: i64 = database
            .query_row("SELECT count(*) - count(DISTINCT load_id) FROM data._dlt_loads", [], |row| row.get(0))
            .expect("a number");
        assert_eq!(doubled, 0, "one row per load: {when}");
        assert_eq!(site.in_flight(), [""; 0], "nothing is left in flight: {when}");
        for folder in ["staging", "extracted", "normalized"] {
            assert_eq!(site.bench.package_names(folder), [""; 0], "{folder}/ is left empty: {when}");
        }
    }
}

const REPLACE_FROM_STAGING: &str =
    "write_disposition = { disposition = \"replace\", strategy = \"insert-from-staging\" }";
const REPLACE_BY_SWAPPING: &str =
    "write_disposition = { disposition = \"replace\", strategy = \"staging-optimized\" }";
const MERGE: &str = "write_disposition = \"merge\"\nprimary_key = \"id\"";
const UPSERT: &str =
    "write_disposition = { disposition = \"merge\", strategy = \"upsert\" }\nprimary_key = \"id\"";
const SCD2: &str = "write_disposition = { disposition = \"merge\", strategy = \"scd2\" }";
const IN_PACKAGES: &str = "write_disposition = \"append\"\n\
    incremental = { cursor_path = \"at\", row_order = \"asc\" }\n[extract]\npackage_max_rows = 300";

fn killed_while_it_adds_or_replaces(target: Target) {
    killed_anywhere(target, 8, "write_disposition = \"append\"", 1);
    killed_anywhere(target, 8, "write_disposition = \"replace\"", 1);
    killed_anywhere(target, 8, REPLACE_FROM_STAGING, 1);
}

fn killed_while_it_merges(target: Target) {
    killed_anywhere(target, 8, MERGE, 1);
    killed_anywhere(target, 8, UPSERT, 1);
    killed_anywhere(target, 5, SCD2, 1);
    killed_anywhere(target, 5, IN_PACKAGES, 3);
}

#[test]
fn a_killed_append_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::DuckDb, MOMENTS, "write_disposition = \"append\"", 1);
}

#[test]
fn a_killed_replace_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::DuckDb, MOMENTS, "write_disposition = \"replace\"", 1);
}

#[test]
fn a_killed_replace_from_staging_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::DuckDb, MOMENTS, REPLACE_FROM_STAGING, 1);
}

#[test]
fn a_killed_merge_by_delete_insert_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::DuckDb, MOMENTS, MERGE, 1);
}

#[test]
fn a_killed_upsert_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::DuckDb, MOMENTS, UPSERT, 1);
}

#[test]
fn a_killed_scd2_that_runs_again_leaves_the_history_of_one_run() {
    killed_anywhere(Target::DuckDb, MOMENTS, SCD2, 1);
}

#[test]
fn a_killed_incremental_append_in_packages_that_runs_again_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::DuckDb, MOMENTS, IN_PACKAGES, 3);
}

#[test]
fn a_killed_run_into_sqlite_that_only_adds_or_replaces_leaves_the_rows_of_one_run() {
    killed_while_it_adds_or_replaces(Target::Sqlite);
}

#[test]
fn a_killed_merge_into_sqlite_leaves_the_rows_of_one_run() {
    killed_while_it_merges(Target::Sqlite);
}

#[test]
fn a_killed_run_into_mariadb_that_only_adds_or_replaces_leaves_the_rows_of_one_run() {
    killed_while_it_adds_or_replaces(Target::MariaDb);
}

#[test]
fn a_killed_merge_into_mariadb_leaves_the_rows_of_one_run() {
    killed_while_it_merges(Target::MariaDb);
}

#[test]
fn a_killed_run_into_clickhouse_that_only_adds_or_replaces_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::ClickHouse, 4, "write_disposition = \"append\"", 1);
    killed_anywhere(Target::ClickHouse, 3, REPLACE_BY_SWAPPING, 1);
}

#[test]
fn a_killed_merge_into_clickhouse_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::ClickHouse, 4, MERGE, 1);
    killed_anywhere(Target::ClickHouse, 3, SCD2, 1);
}

#[test]
fn a_killed_run_into_postgres_that_only_adds_or_replaces_leaves_the_rows_of_one_run() {
    killed_while_it_adds_or_replaces(Target::Postgres);
}

#[test]
fn a_killed_merge_into_postgres_leaves_the_rows_of_one_run() {
    killed_while_it_merges(Target::Postgres);
}

#[test]
fn a_killed_run_into_a_folder_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::Folder, 20, "write_disposition = \"append\"", 1);
    killed_anywhere(Target::Folder, 20, "write_disposition = \"replace\"", 1);
    killed_anywhere(Target::Folder, 10, IN_PACKAGES, 3);
}

#[test]
fn a_killed_run_into_a_bucket_leaves_the_rows_of_one_run() {
    killed_anywhere(Target::Bucket, 20, "write_disposition = \"append\"", 1);
    killed_anywhere(Target::Bucket, 20, "write_disposition = \"replace\"", 1);
    killed_anywhere(Target::Bucket, 10, IN_PACKAGES, 3);
}
