//! Repository automation: `cargo xtask <command>`.
//!
//! It links no stage and no destination. What needs them runs their binaries, so that this builds in
//! seconds and tests the same contract that users have: packages on disk.

mod bench;
mod ci;
mod conformance;
mod differential;
mod dist;
mod fuzz;
mod instructions;
mod losses;
mod oracle;
mod package;
mod services;
mod tidy;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Inspects and replays packages, checks the tree, measures, and runs everything CI runs.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs everything a change must pass.
    Ci(ci::Args),
    /// Checks the direction of dependencies and what no compiler checks.
    Tidy,
    /// Runs dlt's cases through the built binary and compares the result.
    Oracle(oracle::Args),
    /// Runs random cases through dlt and the built binary, and makes those that differ small.
    Differential(differential::Args),
    /// Hands random bytes to everything that reads what others wrote.
    Fuzz(fuzz::Args),
    /// Sends random rows through the built binary and looks for each value at the destination.
    Losses(losses::Args),
    /// Measures us, dlt and DuckDB on the same files.
    Bench(bench::Args),
    /// Counts the instructions of the hot path and compares them with those of the last record.
    Instructions(instructions::Args),
    /// Runs the conformance suite of a destination against a real account.
    Conformance(conformance::Args),
    /// Builds the binaries of the stages as one copies them into containers: small, without symbols.
    Dist(dist::Args),
    /// Starts and stops the servers that tests of destinations need.
    Services(services::Args),
    /// Shows what is in a load package.
    Inspect {
        /// The folder of the package.
        package: PathBuf,
    },
    /// Checks every file of packages against its checksum.
    Verify {
        /// Folders of packages.
        #[arg(required = true)]
        packages: Vec<PathBuf>,
    },
    /// Shows in what two packages differ.
    Diff {
        /// The folder of one package.
        a: PathBuf,
        /// The folder of the other.
        b: PathBuf,
    },
    /// Runs the stage that comes next on a copy of a package, with the stage's own binary.
    Replay(package::ReplayArgs),
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Ci(args) => ci::run(&args),
        Command::Tidy => tidy::run(),
        Command::Conformance(args) => conformance::run(&args),
        Command::Oracle(args) => oracle::run(&args),
        Command::Differential(args) => differential::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Losses(args) => losses::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Instructions(args) => instructions::run(&args),
        Command::Dist(args) => dist::run(&args),
        Command::Services(args) => services::run(&args),
        Command::Inspect { package } => package::inspect(&package),
        Command::Verify { packages } => package::verify(&packages),
        Command::Diff { a, b } => package::diff(&a, &b),
        Command::Replay(args) => package::replay(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
