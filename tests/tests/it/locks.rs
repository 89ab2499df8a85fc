//! Two processes on one pipeline: the second waits or says who is at work.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use cartage_tests::harness::Bench;

/// A run that reads standard input, so that it stays in extract for as long as the test likes.
fn held() -> (Bench, std::process::Child) {
    let bench = Bench::new();
    bench.items("-", "format = \"jsonl\"");
    let mut command = bench.command("cartage", ["run"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().expect("cartage starts");
    let lock = bench.data_dir().join("pipelines/test/locks");
    for _ in 0..200 {
        if lock.is_dir() && lock.read_dir().expect("a folder").count() > 0 {
            break;
        }
        sleep(Duration::from_millis(20));
    }
    sleep(Duration::from_millis(200));
    (bench, child)
}

#[test]
fn a_second_process_exits_with_6_and_says_who_holds_the_lock() {
    let (bench, mut first) = held();
    let second = bench.cartage(&["run"]).exits_with(6);
    assert!(second.stderr.contains(&first.id().to_string()), "{}", second.stderr);
    assert!(second.stderr.contains("--wait"), "{}", second.stderr);
    first.stdin.take().expect("a pipe").write_all(b"{\"id\": 1}\n").expect("written");
    assert!(first.wait().expect("ends").success());
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 1);
}

#[test]
fn with_wait_the_second_process_goes_on_when_the_first_has_ended() {
    let (bench, mut first) = held();
    let second = bench.start(&["status", "--wait"]);
    let mut waiting = bench.start(&["load", "--wait"]);
    sleep(Duration::from_millis(300));
    assert!(waiting.try_wait().expect("a child").is_none(), "load waits for the run");
    let mut rows = String::new();
    for i in 0..10 {
        let _ = writeln!(rows, "{{\"id\": {i}}}");
    }
    first.stdin.take().expect("a pipe").write_all(rows.as_bytes()).expect("written");
    assert!(first.wait().expect("ends").success());
    assert!(waiting.wait().expect("ends").success());
    let _ = second.wait_with_output();
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 10);
}
