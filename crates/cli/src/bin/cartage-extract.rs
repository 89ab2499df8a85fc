//! `cartage-extract`: the first stage alone.

use std::process::ExitCode;

use cartage_cli::{StageBinary, run_stage};

fn main() -> ExitCode {
    run_stage(&StageBinary::Extract)
}
