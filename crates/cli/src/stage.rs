//! Binaries of one stage: the same as the command of that name.

use std::process::ExitCode;

use cartage_destinations_api::Connector;
use clap::{Args, FromArgMatches};

use crate::args::{ExtractArgs, FileArgs, GlobalArgs};
use crate::commands::{self, Work};
use crate::config::Start;
use crate::failure::Failure;
use crate::signals;
use cartage_runtime::Cancel;

/// Which stage a binary is.
pub enum StageBinary<'a> {
    /// `cartage-extract`.
    Extract,
    /// `cartage-normalize`.
    Normalize,
    /// `cartage-load`, with the destinations it was built with.
    Load(Connector<'a>),
}

/// Runs a stage with the arguments of the process.
pub fn run_stage(stage: &StageBinary<'_>) -> ExitCode {
    let (name, about) = match stage {
        StageBinary::Extract => ("cartage-extract", "Reads the sources of a pipeline into a load package"),
        StageBinary::Normalize => {
            ("cartage-normalize", "Turns extracted packages into typed, relational ones")
        }
        StageBinary::Load(_) => ("cartage-load", "Loads normalized packages into the destination"),
    };
    let command = clap::Command::new(name).about(about).version(env!("CARGO_PKG_VERSION"));
    let command = match stage {
        StageBinary::Extract => ExtractArgs::augment_args(command),
        _ => FileArgs::augment_args(command),
    };
    let matches = GlobalArgs::augment_args(command).get_matches();
    let global = GlobalArgs::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let cancel = Cancel::default();
    let start = Start { global: &global, cancel: cancel.clone() };
    let done = signals::install(&cancel).map_err(Failure::from).and_then(|()| match stage {
        StageBinary::Extract => {
            let args = ExtractArgs::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
            commands::work(&start, &args.file.file, &Work::Extract(&args))
        }
        StageBinary::Normalize => commands::work(&start, &file(&matches), &Work::Normalize),
        StageBinary::Load(connector) => commands::work(&start, &file(&matches), &Work::Load(*connector)),
    });
    commands::finish(done)
}

fn file(matches: &clap::ArgMatches) -> std::path::PathBuf {
    FileArgs::from_arg_matches(matches).unwrap_or_else(|error| error.exit()).file
}
