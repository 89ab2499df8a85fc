//! `cargo xtask losses`: random cases, each value of which must be found again. The detector needs DuckDB and is a
//! binary of the tests.

use anyhow::Result;

use crate::tools::run_tool;

/// Arguments of `losses`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Options of the detector: `--cases`, `--seed`, `--minutes`, `--folder`, `--tries`, `--binary`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds what is needed and looks for losses.
pub(crate) fn run(args: &Args) -> Result<()> {
    run_tool("losses", &args.rest)
}
