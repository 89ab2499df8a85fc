//! Binaries of one stage: the same as the command of that name.
//!
//! Each stage has a function of its own, so that its binary holds nothing of the other stages.

use std::process::ExitCode;

use cartage_destinations_api::Connector;
use cartage_runtime::CancelToken;
use clap::{Args, FromArgMatches};

use crate::args::GlobalArgs;
use crate::commands;
use crate::config::Start;
use crate::failure::Failure;
use crate::signals;

/// `cartage-extract`, with the arguments of the process.
pub fn run_extract() -> ExitCode {
    run("cartage-extract", "Reads the sources of a pipeline into a load package", commands::extract)
}

/// `cartage-normalize`, with the arguments of the process.
pub fn run_normalize() -> ExitCode {
    run("cartage-normalize", "Turns extracted packages into typed, relational ones", commands::normalize)
}

/// `cartage-load`, with the arguments of the process and the destinations it was built with.
pub fn run_load(connector: Connector<'_>) -> ExitCode {
    run("cartage-load", "Loads normalized packages into the destination", |start, file| {
        commands::load(start, file, connector)
    })
}

/// Reads the arguments of a stage beside those that all have, and does its work.
fn run<A: Args>(
    name: &'static str,
    about: &'static str,
    stage: impl FnOnce(&Start<'_>, &A) -> Result<(), Failure>,
) -> ExitCode {
    let command = clap::Command::new(name).about(about).version(env!("CARGO_PKG_VERSION"));
    let matches = GlobalArgs::augment_args(A::augment_args(command)).get_matches();
    let global = GlobalArgs::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let args = A::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let cancel = CancelToken::default();
    let start = Start { global: &global, cancel: cancel.clone() };
    commands::finish(
        signals::install(&cancel)
            .map_err(Failure::from)
            .and_then(|()| commands::guarded(|| stage(&start, &args))),
    )
}
