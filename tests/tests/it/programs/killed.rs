//! `kill -9` while a program is read, then another run: the tables and the state of an undisturbed run.

use cartage_tests::site::{Site, Target};

use super::{Program, has_each_row_once, there_are};
use crate::kill::killed_run_anywhere;

const MOMENTS: u32 = 30;

/// A run over five more chunks of rows is killed; it makes this many packages.
fn killed(program: Program, disposition: &str, packages: usize) {
    let site = Site::new(Target::DuckDb);
    program.write(&site.bench, disposition);
    there_are(&site.bench, 1);
    site.cartage(&["run"]).exits_with(0);
    there_are(&site.bench, 6);
    let what = format!("{program} with {disposition}");
    killed_run_anywhere(&site, MOMENTS, packages, &what);
    // The same rows are what was wanted, not only what came without a kill.
    site.cartage(&["run"]).exits_with(0);
    has_each_row_once(&site.bench, 6, &what);
    site.cartage(&["run"]).exits_with(0);
    has_each_row_once(&site.bench, 6, &what);
}

#[test]
fn an_append_goes_on_at_checkpoints() {
    killed(Program::Protocol { resume: "at_checkpoints", again: 0 }, "append", 3);
}

#[test]
fn a_merge_goes_on_near_checkpoints() {
    killed(Program::Protocol { resume: "near_checkpoints", again: 50 }, "merge", 3);
}

#[test]
fn an_append_that_goes_on_at_its_end_is_one_package() {
    killed(Program::Protocol { resume: "at_end", again: 0 }, "append", 1);
}

#[test]
fn a_tap_with_a_key_goes_on_at_its_states() {
    killed(Program::Singer, "merge", 3);
}

#[test]
fn a_tap_without_a_key_is_one_package() {
    killed(Program::Singer, "append", 1);
}

#[test]
fn a_connector_with_a_key_goes_on_at_its_states() {
    killed(Program::Airbyte, "merge", 3);
}

#[test]
fn a_connector_without_a_key_is_one_package() {
    killed(Program::Airbyte, "append", 1);
}

#[test]
fn a_function_that_is_appended_goes_on_at_its_checkpoints() {
    killed(Program::Python("appended"), "append", 3);
}

#[test]
fn a_function_that_is_merged_goes_on_near_its_checkpoints() {
    killed(Program::Python("merged"), "merge", 3);
}
