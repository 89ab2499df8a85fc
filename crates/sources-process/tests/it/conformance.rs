//! The conformance kit.

use cartage_sources_process::{ConformanceCheck, check_conformance};
use serde_json::json;

use crate::support::Folder;

/// Checks a program that goes on from its state with a row before or without one.
fn checked(first: &str, resume: &str) -> Vec<ConformanceCheck> {
    let folder = Folder::with(&format!(
        r#"read -r start
echo '{{"type":"hello","protocol":1}}'
echo '{{"type":"resource","name":"a","resume":"{resume}"}}'
echo '{{"type":"ready"}}'
read -r request || exit 0
n=$(echo "$request" | sed -n 's/.*"n":\([0-9]*\).*/\1/p'); n=${{n:-0}}
n=$({first})
while [ $n -lt 4 ]; do
  echo "{{\"type\":\"row\",\"resource\":\"a\",\"row\":{{\"k\":$n}}}}"
  n=$((n + 1))
  echo "{{\"type\":\"state\",\"set\":{{\"n\":$n}}}}"
  echo '{{"type":"checkpoint"}}'
done
echo '{{"type":"end"}}'
"#
    ));
    let program = folder.path().join("program.sh").to_string_lossy().into_owned();
    check_conformance(&["sh".to_owned(), program], &json!({})).unwrap()
}

fn failed(checks: &[ConformanceCheck]) -> Vec<&str> {
    checks.iter().filter(|check| !check.passed).map(|check| check.detail.as_str()).collect()
}

#[test]
fn a_program_that_keeps_its_promises_passes() {
    let checks = checked("echo $n", "at_checkpoints");
    assert_eq!(failed(&checks), [""; 0]);
    assert_eq!(checks.len(), 9, "{checks:?}");
}

#[test]
fn rows_that_come_again_are_found_where_none_may() {
    let again = "echo $((n > 0 ? n - 1 : 0))";
    assert_eq!(failed(&checked(again, "near_checkpoints")), [""; 0]);
    let checks = checked(again, "at_checkpoints");
    assert!(failed(&checks).iter().any(|detail| detail.contains("brings this row again")), "{checks:?}");
}

#[test]
fn rows_that_are_left_out_are_found() {
    let checks = checked("echo $((n > 0 ? n + 1 : 0))", "near_checkpoints");
    assert!(failed(&checks).iter().any(|detail| detail.contains("does not bring this row")), "{checks:?}");
}

#[test]
fn a_program_that_is_none_fails_at_once() {
    let checks = check_conformance(&["echo".to_owned(), "hello".to_owned()], &json!({})).unwrap();
    assert_eq!(checks.len(), 1);
    assert!(checks[0].detail.contains("not a message of the source protocol"), "{checks:?}");
}
