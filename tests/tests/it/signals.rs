//! The first signal lets the run end where it is safe; nothing is lost.

use std::fmt::Write as _;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use cartage_tests::harness::Bench;

#[test]
fn an_interrupted_run_loses_nothing_and_doubles_nothing() {
    let mut rows = String::new();
    for i in 0..200_000 {
        let _ = writeln!(rows, "{{\"id\": {i}, \"list\": [1, 2, {i}]}}");
    }
    for milliseconds in [5_u64, 60, 150, 300, 600] {
        let bench = Bench::new();
        bench.write("items.jsonl", &rows);
        bench.items("items.jsonl", "");
        let mut child = bench.start(&["run"]);
        sleep(Duration::from_millis(milliseconds));
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
        let status = child.wait().expect("ends");
        if !status.success() {
            bench.cartage(&["run"]).exits_with(0);
        }
        assert_eq!(bench.number("SELECT count(*) FROM data.items"), 200_000, "after {milliseconds} ms");
        assert_eq!(bench.number("SELECT count(*) FROM data.items__list"), 600_000);
    }
}
