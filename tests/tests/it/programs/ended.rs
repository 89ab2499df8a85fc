//! No program outlives a run, however the run ends, and the next run goes on.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_tests::harness::Bench;

use super::{Program, has_each_row_once, there_are};

const PATIENCE: Duration = Duration::from_secs(30);

const PROGRAMS: [(Program, &str); 5] = [
    (Program::Protocol { resume: "at_checkpoints", again: 0 }, "append"),
    (Program::Singer, "merge"),
    (Program::Airbyte, "merge"),
    (Program::Python("appended"), "append"),
    (Program::Python("merged"), "merge"),
];

/// Waits until something holds.
#[track_caller]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(10));
    }
}

/// The ids of a program that waits and of the child that it has started.
fn waiting(bench: &Bench, program: Program) -> Vec<String> {
    let path = bench.path().join("pids");
    let pids = wait_for(&format!("{program} has not begun"), || std::fs::read_to_string(&path).ok());
    pids.split(' ').map(str::to_owned).collect()
}

/// Whether a process runs; one that nobody has waited for does not.
fn runs(pid: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().expect("ps runs");
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

fn ended_by(signal: &str) {
    for (program, disposition) in PROGRAMS {
        let bench = Bench::new();
        program.write(&bench, disposition);
        there_are(&bench, 4);
        bench.write("hang", "");
        let mut child = bench.start(&["run"]);
        let pids = waiting(&bench, program);
        assert!(pids.len() == 2 && pids.iter().all(|pid| runs(pid)), "{program}: {pids:?}");
        Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
        let status = wait_for("the run has not ended", || child.try_wait().expect("a status"));
        assert!(!status.success(), "{program}");
        for pid in &pids {
            wait_for(&format!("{program}: {pid} has outlived {signal}"), || (!runs(pid)).then_some(()));
        }
        std::fs::remove_file(bench.path().join("hang")).expect("it is there");
        bench.cartage(&["run"]).exits_with(0);
        has_each_row_once(&bench, 4, &format!("{program} after {signal}"));
    }
}

#[test]
fn no_program_outlives_a_run_that_was_killed() {
    ended_by("-KILL");
}

#[test]
fn no_program_outlives_a_run_that_was_interrupted() {
    ended_by("-INT");
}

#[test]
fn no_program_outlives_a_run_that_was_terminated() {
    ended_by("-TERM");
}
