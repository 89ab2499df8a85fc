//! [`CommandSink`]: a process for each batch. The protocol is in `docs/destinations/process.md`.

mod child;
mod command;
mod config;
mod input;

pub use command::CommandSink;
