//! `state`, `sync` and `drop`: changes that no source makes reach the destination as loads.

use cartage_tests::harness::Bench;
use serde_json::Value;

const CURSOR: &str = "incremental.at.last_value";

/// A pipeline whose resource `items` loads what is newer than its cursor.
fn with_cursor() -> Bench {
    let bench = Bench::new();
    bench.items("items.jsonl", "incremental = { cursor_path = \"at\" }");
    bench.write("items.jsonl", "{\"id\": 1, \"at\": 10, \"tags\": [1, 2]}\n{\"id\": 2, \"at\": 20}\n");
    bench.cartage(&["run"]).exits_with(0);
    bench
}

fn json(bench: &Bench, args: &[&str]) -> Value {
    let done = bench.cartage(&[args, &["--format", "json"]].concat()).exits_with(0);
    serde_json::from_str(&done.stdout).expect("a document")
}

fn state_rows(bench: &Bench) -> i64 {
    bench.number("SELECT count(*) FROM data._dlt_pipeline_state")
}

#[test]
fn a_cursor_that_is_set_is_loaded_and_the_next_run_starts_there() {
    let bench = with_cursor();
    let shown = bench.cartage(&["state", "show", "--resource", "items"]).exits_with(0);
    assert!(shown.stdout.contains("incremental.at.last_value = 20"), "{}", shown.stdout);

    let set = json(&bench, &["state", "set", "--resource", "items", CURSOR, "10"]);
    assert_eq!(set["values"][0]["old"], 20);
    assert_eq!(set["version"], 2);
    assert_eq!(state_rows(&bench), 2);
    assert_eq!(bench.number("SELECT count(*) FROM data._dlt_loads"), 2);

    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(
        bench.rows("SELECT id, count(*) AS n FROM data.items GROUP BY id"),
        ["{\"id\":1,\"n\":2}", "{\"id\":2,\"n\":2}"]
    );
}

#[test]
fn another_machine_sees_what_was_set_and_an_unaware_one_is_in_conflict() {
    let bench = with_cursor();
    let other = |args: &[&str]| {
        let mut command = bench.command("cartage", args);
        command.env("CARTAGE_DATA_DIR", bench.path().join("other")).output().expect("cartage starts")
    };
    assert!(other(&["sync"]).status.success());
    bench.write("items.jsonl", "{\"id\": 3, \"at\": 30}\n");
    assert!(other(&["extract"]).status.success());
    assert!(other(&["normalize"]).status.success());

    bench.cartage(&["state", "set", "--resource", "items", CURSOR, "25"]).exits_with(0);
    assert_eq!(other(&["load"]).status.code(), Some(6));
    assert!(other(&["abort"]).status.success());
    assert!(other(&["sync"]).status.success());
    let shown = other(&["state", "show"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("last_value = 25"));
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 2);
}

#[test]
fn sync_restores_an_empty_folder_and_keeps_what_is_newer_unless_forced() {
    let bench = with_cursor();
    std::fs::remove_dir_all(bench.data_dir()).expect("the data folder goes");
    let sync = json(&bench, &["sync"]);
    assert_eq!((&sync["outcome"], &sync["schemas"][0]), (&"restored".into(), &"test".into()));
    assert_eq!(json(&bench, &["sync"])["outcome"], "up_to_date");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 2);

    let before = std::fs::read(bench.path().join("out.duckdb")).expect("the database");
    bench.cartage(&["state", "set", "--resource", "items", CURSOR, "1"]).exits_with(0);
    bench.write("out.duckdb", before);
    assert_eq!(json(&bench, &["sync"])["outcome"], "kept_newer");
    assert_eq!(json(&bench, &["sync", "--force"])["outcome"], "restored");
    let shown = bench.cartage(&["state", "show"]).exits_with(0);
    assert!(shown.stdout.contains("last_value = 20"), "{}", shown.stdout);

    std::fs::remove_file(bench.path().join("out.duckdb")).expect("the database goes");
    bench.cartage(&["sync"]).exits_with(2).says("--force");
    assert_eq!(json(&bench, &["sync", "--force"])["outcome"], "forgotten");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 2);
}

#[test]
fn a_dataset_that_is_gone_takes_the_cursors_with_it() {
    let bench = with_cursor();
    std::fs::remove_file(bench.path().join("out.duckdb")).expect("the database goes");
    bench.cartage(&["run"]).exits_with(0).says("starts from nothing");
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 2);
}
