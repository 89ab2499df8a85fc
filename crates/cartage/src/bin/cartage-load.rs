//! `cartage-load`: the third stage alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    cartage_cli::run_load(&|request| cartage_destinations::connect(request))
}
