//! A command as the destination: what it gets, and what is sent again after it or Cartage was killed.

use std::fmt::Write as _;

use cartage_tests::harness::Bench;

const ROWS: u32 = 10;

/// A bench whose pipeline hands rows to `script` two at a time.
fn bench(script: &str, more: &str) -> Bench {
    let bench = Bench::new();
    let rows = (1..=ROWS).fold(String::new(), |mut rows, id| {
        let _ = writeln!(rows, "{{\"id\": {id}, \"Full Name\": \"n{id}\", \"tags\": [\"x\"]}}");
        rows
    });
    bench.write("items.jsonl", rows);
    bench.write("sink.sh", script);
    bench.write(
        "pipeline.toml",
        format!(
            "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"sink\"\n\n\
             [destination.sink]\ntype = \"process\"\ncommand = [\"sh\", \"-eu\", \"sink.sh\"]\nbatch_size = 2\n{more}\n\n\
             [sources.test]\ntype = \"files\"\n[[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n"
        ),
    );
    bench
}

fn taken(bench: &Bench) -> String {
    std::fs::read_to_string(bench.path().join("taken")).unwrap_or_default()
}

/// All rows in order, once each: names untouched, nested values in their row.
fn all() -> String {
    (1..=ROWS).fold(String::new(), |mut rows, id| {
        let _ = writeln!(rows, "{{\"id\":{id},\"Full Name\":\"n{id}\",\"tags\":[\"x\"]}}");
        rows
    })
}

#[test]
fn rows_reach_a_command_as_they_are() {
    let bench = bench("cat >> taken", "");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(taken(&bench), all());
    // Another run is another load, and an append.
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(taken(&bench), all() + &all());
}

#[test]
fn killed_before_any_batch_was_taken_no_row_is_lost_or_doubled() {
    for row in [0, 2, 4, 6, 8] {
        let script = format!(
            "if [ $CARTAGE_FIRST_ROW = {row} ] && [ ! -e killed ]; then touch killed; kill -9 $PPID; exit 0; fi\n\
             cat >> taken\n"
        );
        let bench = bench(&script, "");
        let killed = bench.cartage(&["run"]);
        assert_eq!(killed.code, None, "killed at row {row}: {}", killed.stderr);
        bench.cartage(&["run"]).exits_with(0);
        assert_eq!(taken(&bench), all(), "killed at row {row}");
    }
}

#[test]
fn killed_after_a_batch_was_taken_that_batch_comes_again_under_the_same_names() {
    let script = "echo \"$CARTAGE_JOB_ID $CARTAGE_LOAD_ID $CARTAGE_FIRST_ROW $CARTAGE_ROWS\" >> taken\n\
                  if [ $CARTAGE_FIRST_ROW = 4 ] && [ ! -e killed ]; then touch killed; kill -9 $PPID; fi\n";
    let bench = bench(script, "");
    assert_eq!(bench.cartage(&["run"]).code, None);
    bench.cartage(&["run"]).exits_with(0);
    let text = taken(&bench);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert_eq!(lines[2], lines[3], "who remembers what was taken can tell");
    let rows: Vec<&str> = lines.iter().map(|line| line.split(' ').nth(2).expect("a number")).collect();
    assert_eq!(rows, ["0", "2", "4", "4", "6", "8"]);
}

#[test]
fn ctrl_c_lets_the_batch_end_and_the_next_run_goes_on_behind_it() {
    let script = "if [ $CARTAGE_FIRST_ROW = 2 ] && [ ! -e asked ]; then touch asked; kill -INT $PPID; fi\n\
                  cat >> taken\n";
    let bench = bench(script, "");
    let stopped = bench.cartage(&["run"]).exits_with(1);
    assert!(stopped.stderr.contains("pending"), "{}", stopped.stderr);
    assert_eq!(taken(&bench).lines().count(), 4);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(taken(&bench), all());
}

#[test]
fn a_transient_failure_is_tried_again_behind_what_was_taken() {
    let script = "if [ $CARTAGE_FIRST_ROW = 4 ] && [ ! -e failed ]; then touch failed; echo busy >&2; exit 75; fi\n\
                  cat >> taken\n";
    let bench = bench(script, "");
    bench.cartage(&["run"]).exits_with(0).says("busy");
    assert_eq!(taken(&bench), all());
}

#[test]
fn a_terminal_failure_ends_the_load_and_says_what_the_command_said() {
    let bench =
        bench("if [ $CARTAGE_FIRST_ROW = 4 ]; then echo 'no column tags' >&2; exit 65; fi; cat >> taken", "");
    let failed = bench.cartage(&["run"]).exits_with(3);
    for said in ["rows 5 to 6 of job items.", "exit status 65", "no column tags"] {
        assert!(failed.stderr.contains(said), "{said}: {}", failed.stderr);
    }
    bench.write("sink.sh", "cat >> taken");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(taken(&bench), all());
}

#[test]
fn a_command_that_cannot_be_started_is_a_mistake_of_the_configuration() {
    let bench = bench("", "");
    let missing = ["--set", "destination.sink.command=[\"no-such-program\"]"];
    let failed = bench.cartage(&[&["run"][..], &missing[..]].concat()).exits_with(2);
    assert!(failed.stderr.contains("cannot start 'no-such-program'"), "{}", failed.stderr);
    assert!(failed.stderr.contains("hint: 'command' must name a program on PATH"), "{}", failed.stderr);
    let checked = bench.cartage(&[&["destination", "check"][..], &missing[..]].concat()).exits_with(2);
    assert!(checked.stdout.contains("FAILED"), "{}", checked.stdout);
}
