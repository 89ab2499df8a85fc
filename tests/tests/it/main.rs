//! End-to-end tests of the real binaries, on real files, as a user runs them.

mod bad_input;
mod bucket_breaks;
mod checkpoints;
mod contracts;
mod damage;
mod disk;
mod dlt;
mod drop;
mod filesystem;
mod filesystem_dlt;
mod guides;
mod kill;
mod locks;
mod oracle;
mod plan;
mod postgres;
mod postgres_breaks;
mod postgres_refusals;
mod rest;
mod rest_failures;
mod schema_files;
mod signals;
mod stages;
mod state;
mod tour;
mod two_machines;
