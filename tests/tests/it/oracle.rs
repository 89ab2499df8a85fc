//! What dlt made of the cases in `fixtures/oracle/` is what the binary makes of them.

use cartage_tests::binaries::{binary, workspace};
use cartage_tests::oracle::{Case, RunOptions, run_case};

fn passes(area: &str) {
    let cases = Case::all(&workspace().join("fixtures/oracle/cases")).expect("the cases can be read");
    let options = RunOptions::new(binary("cartage"));
    let mut faults = Vec::new();
    let mut total = 0;
    for case in cases.iter().filter(|case| case.area == area) {
        total += 1;
        let differences = run_case(case, &options).differences;
        faults.extend(differences.into_iter().map(|line| format!("{}: {line}", case.name)));
    }
    assert!(total > 0, "there are cases of area {area}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn appended_rows_are_those_of_dlt() {
    passes("append");
}

#[test]
fn replaced_tables_are_those_of_dlt() {
    passes("replace");
}

#[test]
fn merged_tables_are_those_of_dlt() {
    passes("merge");
}

#[test]
fn histories_are_those_of_dlt() {
    passes("scd2");
}

#[test]
fn normalized_rows_are_those_of_dlt() {
    passes("normalize");
}

#[test]
fn types_are_those_of_dlt() {
    passes("types");
}

#[test]
fn names_are_those_of_dlt() {
    passes("naming");
}

#[test]
fn child_tables_are_those_of_dlt() {
    passes("nesting");
}

#[test]
fn hints_are_those_of_dlt() {
    passes("hints");
}

#[test]
fn schemas_evolve_as_in_dlt() {
    passes("schema-evolution");
}

#[test]
fn contracts_discard_and_freeze_as_in_dlt() {
    passes("contracts");
}

#[test]
fn cursors_are_those_of_dlt() {
    passes("incremental");
}

#[test]
fn state_is_that_of_dlt() {
    passes("state");
}
