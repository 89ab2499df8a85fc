//! Whole pipelines in one process: files as sources, a destination in memory, and what both leave behind.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod bench;
mod contracts;
mod dropping;
mod failing;
mod interrupted;
mod looking;
mod machines;
mod programs;
mod refresh;
mod repeatable;
mod runs;
mod schemas;
mod settings;
mod state;
