//! Two machines with the same pipeline: one commits, the other one fails with exit code 6, none of its
//! rows stay, and its next run is right.

use std::fmt::Write as _;
use std::fs;
use std::thread::sleep;
use std::time::Instant;

use cartage_tests::harness::Bench;

/// Writes rows up to `count`; all of them come again each time.
fn give(bench: &Bench, count: usize) {
    let (mut events, mut orders) = (String::new(), String::new());
    for i in 0..count {
        let _ = writeln!(events, r#"{{"id": {i}, "at": {i}, "tags": ["a{i}", "b"]}}"#);
        let _ = writeln!(orders, r#"{{"id": {i}, "changed": {i}, "items": [{{"n": {i}}}]}}"#);
    }
    bench.write("events.jsonl", events);
    bench.write("orders.jsonl", orders);
}

fn shared(count: usize) -> Bench {
    let bench = Bench::new();
    give(&bench, count);
    bench.pipeline(
        "[[sources.test.resources]]\nname = \"events\"\npath = \"events.jsonl\"\n\
         incremental = { cursor_path = \"at\" }\n\
         [[sources.test.resources]]\nname = \"orders\"\npath = \"orders.jsonl\"\n\
         write_disposition = \"merge\"\nprimary_key = \"id\"\nincremental = { cursor_path = \"changed\" }\n\
         [data_writer]\nfile_max_items = 500\n",
    );
    bench
}

/// Each row once, each with what is below it.
#[track_caller]
fn has_exactly(bench: &Bench, count: usize) {
    let count = i64::try_from(count).expect("few rows");
    for (table, wanted) in
        [("events", count), ("events__tags", count * 2), ("orders", count), ("orders__items", count)]
    {
        assert_eq!(bench.number(&format!("SELECT count(*) FROM data.{table}")), wanted, "{table}");
    }
    assert_eq!(bench.number("SELECT count(DISTINCT id) FROM data.events"), count);
    let orphans = "SELECT count(*) FROM data.events__tags \
                   WHERE _dlt_parent_id NOT IN (SELECT _dlt_id FROM data.events)";
    assert_eq!(bench.number(orphans), 0);
}

fn loses(first: &str, winner: &str, loser: &str) {
    let bench = shared(1200);
    let second = if first == winner { loser } else { winner };
    for machine in [first, second] {
        bench.cartage_in(machine, &["extract"]).exits_with(0);
        bench.cartage_in(machine, &["normalize"]).exits_with(0);
    }
    bench.cartage_in(winner, &["load"]).exits_with(0);
    let won = bench.rows("SELECT load_id FROM data._dlt_loads");
    let refused = bench.cartage_in(loser, &["load"]).exits_with(6);
    let load_id = won[0].trim_start_matches("{\"load_id\":\"").trim_end_matches("\"}");
    refused.says(load_id).says("version 1").says("cartage run");
    has_exactly(&bench, 1200);

    give(&bench, 1700);
    let again = bench.cartage_in(loser, &["run"]).exits_with(0);
    assert!(again.stdout.contains("another machine"), "{}", again.stdout);
    has_exactly(&bench, 1700);
    let aborted = bench.path().join(loser).join("pipelines/test/packages/aborted");
    assert_eq!(fs::read_dir(aborted).expect("a folder").count(), 1, "the refused package is kept");
    bench.cartage_in(winner, &["run"]).exits_with(0);
    has_exactly(&bench, 1700);
}

#[test]
fn the_machine_that_extracted_first_loses_to_the_one_that_loaded_first() {
    loses("a", "b", "a");
}

#[test]
fn the_machine_that_extracted_last_loses_to_the_one_that_loaded_first() {
    loses("a", "a", "b");
}

#[test]
fn a_load_that_was_killed_is_undone_by_the_machine_that_takes_over() {
    let undisturbed = shared(3000);
    undisturbed.cartage_in("a", &["extract"]).exits_with(0);
    undisturbed.cartage_in("a", &["normalize"]).exits_with(0);
    let begin = Instant::now();
    undisturbed.cartage_in("a", &["load"]).exits_with(0);
    let whole = begin.elapsed();
    for moment in 1..8 {
        let bench = shared(3000);
        bench.cartage_in("a", &["extract"]).exits_with(0);
        bench.cartage_in("a", &["normalize"]).exits_with(0);
        let mut killed = bench.start_in("a", &["load"]);
        sleep(whole * moment / 8);
        let _ = killed.kill();
        killed.wait().expect("a child ends");
        bench.cartage_in("b", &["run"]).exits_with(0);
        has_exactly(&bench, 3000);
        let load = bench.cartage_in("a", &["load"]);
        assert!(matches!(load.code, Some(0 | 6)), "killed at {moment}/8: {}", load.stderr);
        has_exactly(&bench, 3000);
        give(&bench, 3100);
        bench.cartage_in("a", &["run"]).exits_with(0);
        has_exactly(&bench, 3100);
    }
}

#[test]
fn of_two_runs_at_once_one_commits_and_the_other_one_is_right_when_it_runs_again() {
    let bench = shared(0);
    let mut refused = 0;
    for round in 1..=8 {
        let count = round * 700;
        give(&bench, count);
        let mut both = ["a", "b"].map(|machine| bench.start_in(machine, &["run"]));
        for (machine, child) in ["a", "b"].into_iter().zip(&mut both) {
            let code = child.wait().expect("a child ends").code();
            assert!(matches!(code, Some(0 | 6)), "machine {machine} ended with {code:?} in round {round}");
            refused += usize::from(code == Some(6));
        }
        has_exactly(&bench, count);
        for machine in ["a", "b"] {
            bench.cartage_in(machine, &["run"]).exits_with(0);
        }
        has_exactly(&bench, count);
    }
    assert!(refused > 0, "in eight rounds the runs never met");
}

#[test]
fn a_database_that_another_program_has_open_is_named_with_its_holder() {
    let bench = shared(10);
    bench.cartage_in("a", &["run"]).exits_with(0);
    let holder = bench.database();
    give(&bench, 20);
    let refused = bench.cartage_in("a", &["run"]).exits_with(6);
    refused.says("out.duckdb").says(&std::process::id().to_string());
    drop(holder);
    bench.cartage_in("a", &["run"]).exits_with(0);
    has_exactly(&bench, 20);
}
