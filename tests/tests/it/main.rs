//! End-to-end tests of the real binaries, on real files, as a user runs them.

mod bad_input;
mod checkpoints;
mod contracts;
mod damage;
mod destination_check;
mod disk;
mod dlt;
mod drop;
mod filesystem;
mod filesystem_dlt;
mod filesystem_kill;
mod guides;
mod kill;
mod locks;
mod oracle;
mod plan;
mod postgres;
mod process;
mod rest;
mod rest_failures;
mod schema_files;
mod signals;
mod stages;
mod state;
mod tour;
mod two_machines;
