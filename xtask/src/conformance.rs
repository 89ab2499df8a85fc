//! `cargo xtask conformance`: the conformance suite of a destination against an account of the user's own.

use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::tools::{run as run_command, workspace};

/// Arguments of `conformance`. It makes datasets whose names begin with `suite`, with a few hundred rows in all, and removes
/// them; at services that charge for statements that is a few cents. Have a budget alert all the same.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The destination. Where it is and who connects is in the environment, as for a pipeline.
    destination: Destination,
}

#[derive(Clone, Copy, ValueEnum)]
enum Destination {
    /// `DESTINATION__CLICKHOUSE__CREDENTIALS`, a connection string.
    Clickhouse,
}

impl Destination {
    /// The crate, its tests, and the variable that has to be there.
    fn parts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Clickhouse => {
                ("cartage-destinations-clickhouse", "clickhouse", "DESTINATION__CLICKHOUSE__CREDENTIALS")
            }
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let (package, tests, variable) = args.destination.parts();
    std::env::var_os(variable).with_context(|| {
        format!("{variable} is not set: export it with the credentials of the account, as for a pipeline")
    })?;
    eprintln!("the suite writes to the account of {variable}; it takes some minutes");
    let mut command = Command::new("cargo");
    command.args([
        "test",
        "--release",
        "--package",
        package,
        "--test",
        tests,
        "--",
        "--nocapture",
        "conformance",
    ]);
    run_command(command.current_dir(workspace()))
}
