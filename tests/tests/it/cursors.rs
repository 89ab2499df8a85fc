//! Cursors of a whole run: newer rows come whatever their texts look like, and what stays away is counted.

use cartage_tests::harness::Bench;
use serde_json::Value;

#[test]
fn rows_that_are_newer_as_times_or_numbers_come_and_the_others_are_counted() {
    let bench = Bench::new();
    bench.items(
        "items.jsonl",
        "incremental = { cursor_path = \"at\" }\n\n[[sources.test.resources]]\nname = \"numbers\"\n\
         path = \"numbers.csv\"\ncolumns.no = { data_type = \"bigint\" }\nincremental = { cursor_path = \"no\" }\n",
    );
    bench.write("items.jsonl", "{\"id\": 1, \"at\": \"2024-01-01T10:00:00Z\"}\n");
    bench.write("numbers.csv", "no\n8\n9\n");
    bench.cartage(&["run"]).exits_with(0);
    bench.write(
        "items.jsonl",
        "{\"id\": 1, \"at\": \"2024-01-01T10:00:00Z\"}\n{\"id\": 2, \"at\": \"2024-01-01 11:00:00.5+01:00\"}\n",
    );
    bench.write("numbers.csv", "no\n8\n9\n10\n11\n");
    let done = bench.cartage(&["run", "--format", "json"]).exits_with(0);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["held_back"]["items"], 1);
    assert_eq!(report["held_back"]["numbers"], 2);
    assert_eq!(bench.rows("SELECT id FROM data.items ORDER BY id").len(), 2);
    assert_eq!(bench.number("SELECT sum(no) FROM data.numbers"), 38);
    let summary = bench.cartage(&["run"]).exits_with(0).stdout;
    assert!(summary.contains("cursor of numbers: 4 rows at or before its last value"), "{summary}");
}

#[test]
fn a_text_among_times_ends_the_run_with_file_and_line() {
    let bench = Bench::new();
    bench.items("items.jsonl", "incremental = { cursor_path = \"at\" }\n");
    bench.write("items.jsonl", "{\"at\": \"2024-01-01T10:00:00Z\"}\n{\"at\": \"unknown\"}\n");
    let done = bench.cartage(&["run"]).exits_with(1);
    done.says("items.jsonl line 2").says("`unknown` (text), which is not a point in time");
}
