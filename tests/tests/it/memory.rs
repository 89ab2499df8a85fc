//! `runtime.memory_limit`: a whole run, the database included, stays below it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::time::Duration;

use cartage_tests::harness::Bench;

/// Rows that take more bytes than the limit.
const ROWS: u64 = 3_000_000;

/// The most memory that a process had so far, in bytes, as long as it is there.
fn high_water_mark(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[test]
fn a_run_stays_below_its_memory_limit_and_loads_everything() {
    let bench = Bench::new();
    let mut rows = BufWriter::new(File::create(bench.path().join("items.jsonl")).expect("a file"));
    for id in 0..ROWS {
        let mark = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(
            rows,
            "{{\"id\": {id}, \"name\": \"item {mark:032x}\", \"amount\": {}.25, \"is_open\": true}}",
            id % 977
        )
        .expect("a line");
    }
    rows.into_inner().expect("all lines");
    bench.items("items.jsonl", "");
    let mut run = bench.start(&["run", "--set", "runtime.memory_limit=256MB"]);
    let mut peak = 0;
    let status = loop {
        peak = peak.max(high_water_mark(run.id()).unwrap_or_default());
        if let Some(status) = run.try_wait().expect("a process that was started") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "{status}");
    assert!((1..=256_000_000).contains(&peak), "the run took {peak} bytes");
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), ROWS as i64);
}

#[test]
fn a_limit_that_no_run_could_keep_is_refused_with_the_least_one() {
    let bench = Bench::new();
    bench.write("items.jsonl", "{\"id\": 1}\n");
    bench.items("items.jsonl", "");
    bench.cartage(&["run", "--set", "runtime.memory_limit=64MB"]).exits_with(2).says("256MB");
    bench.cartage(&["run", "--set", "runtime.memory_limit=64"]).exits_with(2).says("256MB, 4GB or 512MiB");
}
