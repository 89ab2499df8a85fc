//! What dlt's sources load through Cartage, and what dlt has loaded.

use std::process::Command;

use cartage_tests::binaries::{binary, workspace};
use cartage_tests::harness::Done;
use cartage_tests::services::dlt_python;

#[test]
fn sources_in_python_load_what_dlt_loads() {
    let script = workspace().join("crates/sources-process/tests/python/end_to_end.py");
    let mut command = Command::new(dlt_python());
    command.arg(script).arg(binary("cartage"));
    let done = Done::of(&command.output().expect("Python starts")).exits_with(0);
    let equal = done.stdout.lines().filter(|line| line.ends_with(": as with dlt")).count();
    assert!(equal == 10 && !done.stdout.contains("left out"), "{}", done.stdout);
}
