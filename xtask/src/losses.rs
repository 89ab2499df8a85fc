//! `cargo xtask losses`: random cases, each value of which must be found again. The detector needs DuckDB and is a
//! binary of the tests.

use anyhow::Result;

use crate::tools::{cargo, run as run_command};

/// Arguments of `losses`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Options of the detector: `--cases`, `--seed`, `--minutes`, `--folder`, `--tries`, `--binary`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds what is needed and looks for losses.
pub(crate) fn run(args: &Args) -> Result<()> {
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    let mut detector = std::process::Command::new(crate::tools::binary("losses")?);
    run_command(detector.args(&args.rest))
}
