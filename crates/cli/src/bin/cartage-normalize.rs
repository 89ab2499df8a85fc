//! `cartage-normalize`: the second stage alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    cartage_cli::run_normalize()
}
