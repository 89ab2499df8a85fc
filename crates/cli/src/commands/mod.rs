//! The commands, one file each where they are more than a call.

mod destination;
mod drop;
pub(crate) mod ingest;
mod init;
mod package;
mod pending;
mod plan;
pub(crate) mod schema;
mod source_check;
mod source_test;
mod state;
pub(crate) mod status;
mod sync;
mod work;

use std::process::ExitCode;

use cartage_destinations_api::Connector;
use cartage_runtime::{CancelToken, contain};
use clap::Parser;

use crate::args::{Cli, Command, Format};
use crate::config::Start;
use crate::failure::Failure;
use crate::{exit, output, signals};

pub(crate) use work::{extract, load, normalize};

/// Runs the front door with the arguments of the process.
pub fn run_cli(connector: Connector<'_>) -> ExitCode {
    let cli = Cli::parse();
    let cancel = CancelToken::default();
    let start = Start { global: &cli.global, cancel: cancel.clone() };
    let done = signals::install(&cancel).map_err(Failure::from);
    finish(done.and_then(|()| guarded(|| dispatch(&cli.command, &start, connector))))
}

/// The exit code of what was done; an error is reported first.
pub(crate) fn finish(done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::from(exit::OK),
        Err(failure) => ExitCode::from(failure.report()),
    }
}

/// Does the work of a command; a panic in it is an error like others.
pub(crate) fn guarded(work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    contain(work).unwrap_or_else(|panic| Err(Failure::Panicked(panic)))
}

pub(crate) fn dispatch(
    command: &Command,
    start: &Start<'_>,
    connector: Connector<'_>,
) -> Result<(), Failure> {
    match command {
        Command::Run(args) => work::run(start, args, connector),
        Command::Extract(args) => extract(start, args),
        Command::Normalize(args) => normalize(start, args),
        Command::Load(args) => load(start, args, connector),
        Command::Init(args) => init::init(args, start.global.format),
        Command::Source(command) => source_check::source(start, command),
        Command::Ingest(args) => ingest::ingest(start, args, connector),
        Command::Abort(args) => {
            let report = start.open(start.config(&args.file)?)?.abort()?;
            status::abort(&report, start.global.format)
        }
        Command::Status(args) => status::status(&start.look(&args.file)?, start.global.format),
        Command::Package(command) => package::package(start, command, connector),
        Command::Schema(command) => schema::schema(start, command, connector),
        Command::Plan(args) => plan::plan(start, args, connector),
        Command::State(command) => state::state(start, command, connector),
        Command::Sync(args) => sync::sync(start, args, connector),
        Command::Destination(command) => destination::destination(start, command, connector),
        Command::Drop(args) => drop::drop(start, args, connector),
    }
}

/// Prints a value as JSON or its text.
fn show<T: serde::Serialize>(
    format: Format,
    value: &T,
    text: impl FnOnce() -> Result<String, std::fmt::Error>,
) -> Result<(), Failure> {
    match format {
        Format::Json => output::print_json(value)?,
        Format::Text => output::print(&text()?)?,
    }
    Ok(())
}
