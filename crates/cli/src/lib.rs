//! The commands of the binaries, without any destination driver.
//!
//! [`run_cli`] is the front door; [`run_extract`], [`run_normalize`] and [`run_load`] are binaries of one
//! stage. Who loads is handed a [`Connector`](cartage_destinations_api::Connector), so that the binaries of
//! extract and normalize contain no destination.
//!
//! Results go to standard output, everything else to standard error; [`exit`] lists the exit codes.

mod allocator;
mod args;
mod commands;
mod config;
mod csv_args;
mod destination_args;
pub mod exit;
mod failure;
mod logging;
mod manage_args;
mod output;
mod progress;
mod schema_args;
mod signals;
mod source_args;
mod stage;
#[cfg(test)]
mod tests;

pub use args::Cli;
pub use commands::run_cli;
pub use stage::{run_extract, run_load, run_normalize};
