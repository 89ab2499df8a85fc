//! `cargo xtask oracle`: the comparison itself needs DuckDB and is a binary of the tests.

use anyhow::Result;

use crate::tools::run_tool;

/// Arguments of `oracle`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Names of cases, and options of the comparison: `--area`, `--keep`, `--strict`, `--verbose`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds what is needed and runs the cases.
pub(crate) fn run(args: &Args) -> Result<()> {
    run_tool("oracle", &args.rest)
}
