//! `cartage`: the front door.

use std::process::ExitCode;

fn main() -> ExitCode {
    cartage_cli::run_cli(&|request| cartage_destinations::connect(request))
}
