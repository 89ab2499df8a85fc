//! `cargo xtask oracle`: the comparison itself needs DuckDB and is a binary of the tests.

use anyhow::Result;

use crate::tools::{cargo, run as run_command};

/// The areas that are done; the others of `fixtures/oracle` run when they are asked for by name.
const DONE: [&str; 8] =
    ["append", "hints", "naming", "nesting", "normalize", "replace", "schema-evolution", "types"];

/// Arguments of `oracle`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// All areas, those that are not done too.
    #[arg(long)]
    all: bool,
    /// Names of cases, and options of the comparison: `--area`, `--keep`, `--strict`, `--verbose`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds what is needed and runs the cases.
pub(crate) fn run(args: &Args) -> Result<()> {
    run_command(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    let mut oracle = std::process::Command::new(crate::tools::binary("oracle")?);
    let chosen = args.rest.iter().any(|arg| arg.starts_with("--area") || !arg.starts_with('-'));
    if !args.all && !chosen {
        oracle.args(DONE.iter().flat_map(|area| ["--area", area]));
    }
    run_command(oracle.args(&args.rest))
}
