//! What `init` and `source` take.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::FileArgs;

/// Arguments of `init`.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// `rest_api`, `files`, `sql_database`, `process`, `python`, `singer`, `airbyte`, the address of an API, or a path of
    /// files (quote patterns).
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// `duckdb`, `filesystem`, `sqlite`, `postgres`, `mysql`, `mariadb`, `clickhouse`, `snowflake` or `bigquery`; the first three optionally with a
    /// place after a colon: `duckdb:shop.duckdb`.
    #[arg(value_name = "DEST")]
    pub destination: String,
    /// The file to write; credentials go into `.cartage/secrets.toml` beside it.
    #[arg(long, value_name = "FILE", default_value = "pipeline.toml")]
    pub file: PathBuf,
    /// The pipeline's name [default: that of the folder].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// Commands on sources.
#[derive(Debug, Subcommand)]
pub enum SourceCommand {
    /// Reads the first page of each resource and shows what is in it. Writes nothing.
    #[command(
        long_about = "Reads the first page of each resource, as a first run would: tests connection and \
            credentials, and shows how pages are asked for, where the rows are, the first row and the columns. \
            Nothing is written, here or at the destination. Ends with exit code 1 if a resource cannot be read.",
        after_help = "Examples:\n  cartage source check\n  cartage source check shop.toml --resource orders --format json"
    )]
    Check(SourceCheckArgs),
    /// Runs a program through the source protocol and says what does not hold.
    #[command(
        long_about = "Runs a program that speaks the source protocol through it, without a pipeline: which resources it \
            has, a full read, a read from some of its checkpoints, and the ways to stop it. Prints what holds and what does \
            not; nothing is written. Ends with exit code 1 if something does not hold.",
        after_help = "Examples:\n  cartage source test -- python3 crm_source.py\n  cartage source test --config '{\"days\": 2}' -- ./crm-source"
    )]
    Test(SourceTestArgs),
}

/// Arguments of `source test`.
#[derive(Clone, Debug, Args)]
pub struct SourceTestArgs {
    /// What the program is told as its configuration: a JSON object, or @FILE with one. Put secrets into a file.
    #[arg(long, value_name = "JSON")]
    pub config: Option<String>,
    /// The program and its arguments.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true)]
    pub command: Vec<String>,
}

/// Arguments of `source check`.
#[derive(Clone, Debug, Args)]
pub struct SourceCheckArgs {
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileArgs,
    /// Checks only this resource and its parents; may repeat.
    #[arg(long = "resource", value_name = "NAME")]
    pub resources: Vec<String>,
}
