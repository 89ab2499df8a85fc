//! Programs that hang, flood, or do not end.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_sources_process::{process, singer};
use serde_json::{Map, json};

use crate::support::{Folder, Run, take};

fn is_running(pid: &str) -> bool {
    Command::new("kill")
        .args(["-0", pid.trim()])
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap()
        .success()
}

fn ends(pid: &str) -> bool {
    let begun = Instant::now();
    while is_running(pid) {
        if begun.elapsed() > Duration::from_secs(10) {
            return false;
        }
        sleep(Duration::from_millis(20));
    }
    true
}

const OPENING: &str = "read -r start\necho '{\"type\":\"hello\",\"protocol\":1}'\n\
    echo '{\"type\":\"resource\",\"name\":\"a\"}'\necho '{\"type\":\"ready\"}'\nread -r request || exit 0\n";

#[test]
fn a_program_that_is_silent_is_stopped_with_all_that_it_has_started() {
    let folder = Folder::with(&format!("{OPENING}sleep 60 & echo $! > child\nwait"));
    let keys = json!({"output": "protocol", "idle_timeout": 0.3, "stop_timeout": 0.5});
    let error = take(folder.source(process, keys, json!({})).unwrap(), &Map::new()).unwrap_err();
    assert!(error.contains("written nothing for 0.3 seconds") && error.contains("`idle_timeout`"), "{error}");
    assert!(ends(&folder.read("child")));
}

#[test]
fn a_program_that_heeds_no_signal_is_killed() {
    let folder = Folder::with(&format!("trap '' TERM\n{OPENING}echo $$ > pid\nwhile :; do sleep 1; done"));
    let keys = json!({"output": "protocol", "idle_timeout": 0.3, "stop_timeout": 0.3});
    take(folder.source(process, keys, json!({})).unwrap(), &Map::new()).unwrap_err();
    assert!(ends(&folder.read("pid")));
}

#[test]
fn a_program_that_does_not_say_what_it_has_is_stopped() {
    let folder = Folder::with("echo $$ > pid; sleep 60");
    let keys = json!({"output": "protocol", "start_timeout": 0.3, "stop_timeout": 0.3});
    let error = folder.source(process, keys, json!({})).unwrap_err();
    assert!(error.contains("`start_timeout`"), "{error}");
    assert!(ends(&folder.read("pid")));
    let folder = Folder::with("sleep 60");
    let error =
        folder.source(singer, json!({"start_timeout": 0.3, "stop_timeout": 0.3}), json!({})).unwrap_err();
    assert!(error.contains("--discover") && error.contains("`start_timeout`"), "{error}");
}

#[test]
fn a_line_without_an_end_does_not_fill_memory() {
    let folder = Folder::with(&format!("{OPENING}head -c 50000000 /dev/zero | tr '\\0' x"));
    let error = take(folder.source(process, json!({"output": "protocol"}), json!({})).unwrap(), &Map::new())
        .unwrap_err();
    assert!(error.contains("longer than 1048576 bytes") && error.contains("max_row_bytes"), "{error}");
}

#[test]
fn a_cancelled_run_does_not_wait_for_the_program() {
    let folder = Folder::with(&format!("{OPENING}echo $$ > pid; sleep 60"));
    let keys = json!({"output": "protocol", "stop_timeout": 0.3});
    let mut run = Run::of(folder.source(process, keys, json!({})).unwrap(), &Map::new());
    let cancel = run.cancel.clone();
    std::thread::spawn(move || {
        sleep(Duration::from_millis(200));
        cancel.cancel();
    });
    let begun = Instant::now();
    let error = run.step().unwrap_err().to_string();
    drop(run);
    assert!(error.contains("cancelled") && begun.elapsed() < Duration::from_secs(10), "{error}");
    assert!(ends(&folder.read("pid")));
}

#[test]
fn a_program_whose_rows_nobody_wants_any_more_is_asked_to_stop() {
    let folder = Folder::with(&format!(
        "{OPENING}echo '{{\"type\":\"rows\",\"resource\":\"a\",\"format\":\"jsonl\",\"bytes\":3}}'\necho '{{}}'\n\
         read -r stop; echo \"$stop\" > stop"
    ));
    let mut run =
        Run::of(folder.source(process, json!({"output": "protocol"}), json!({})).unwrap(), &Map::new());
    assert!(run.step().unwrap());
    run.close("a");
    assert!(!run.step().unwrap());
    assert_eq!(folder.read("stop").trim(), "{\"type\":\"stop\"}");
}

#[test]
fn a_source_that_is_not_read_leaves_no_program() {
    let folder = Folder::with(&format!("echo $$ > pid\n{OPENING}sleep 60"));
    drop(folder.source(process, json!({"output": "protocol"}), json!({})).unwrap());
    assert!(ends(&folder.read("pid")));
}
