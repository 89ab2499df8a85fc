//! `cartage-extract`: the first stage alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    cartage_cli::run_extract()
}
