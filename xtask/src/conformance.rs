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
    /// `DESTINATION__BIGQUERY__CREDENTIALS`, the document of a service account's key.
    Bigquery,
    /// `DESTINATION__CLICKHOUSE__CREDENTIALS`, a connection string.
    Clickhouse,
    /// `DESTINATION__SNOWFLAKE__CREDENTIALS`, a connection string with a warehouse and a role.
    Snowflake,
}

impl Destination {
    /// What `cargo test` is told, and the variable that has to be there.
    fn parts(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Bigquery => (
                &[
                    "--package=cartage-destinations-warehouse",
                    "--features=bigquery",
                    "--test=warehouse",
                    "--",
                    "bigquery::conformance",
                ],
                "DESTINATION__BIGQUERY__CREDENTIALS",
            ),
            Self::Clickhouse => (
                &["--package=cartage-destinations-clickhouse", "--test=clickhouse", "--", "conformance"],
                "DESTINATION__CLICKHOUSE__CREDENTIALS",
            ),
            Self::Snowflake => (
                &[
                    "--package=cartage-destinations-warehouse",
                    "--features=snowflake",
                    "--test=warehouse",
                    "--",
                    "snowflake::conformance",
                ],
                "DESTINATION__SNOWFLAKE__CREDENTIALS",
            ),
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let (arguments, variable) = args.destination.parts();
    std::env::var_os(variable).with_context(|| {
        format!("{variable} is not set: export it with the credentials of the account, as for a pipeline")
    })?;
    eprintln!("the suite writes to the account of {variable}; it takes some minutes");
    let mut command = Command::new("cargo");
    run_command(command.args(["test", "--release"]).args(arguments).current_dir(workspace()))
}
