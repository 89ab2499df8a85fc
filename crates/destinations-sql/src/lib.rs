//! One load protocol for every SQL database.
//!
//! A database is an [`SqlEngine`]: a [`Dialect`](statements::Dialect), sessions, and a way to bring a file into a
//! table. [`SqlDestination`] makes a destination of it, with one file for each step of a load:
//!
//! | step | file |
//! |---|---|
//! | go through the steps in their order | `protocol.rs` |
//! | check what the load builds on, write its ledger | `begin.rs` |
//! | undo what other loads of the pipeline left | `take_over.rs` |
//! | drop, widen, create and empty tables | `migrate.rs` |
//! | bring a file into its table, finish a chain | `job.rs`, `file_table.rs`, `arrivals.rs` |
//! | record the load as complete | `commit.rs`, `late_keys.rs` |
//! | read stored state and schemas | `sync.rs` |
//! | read rows back | `read.rs` |
//! | show the statements of a load | `preview.rs` |
//! | try what a load needs | `check.rs` |
//!
//! The text of all statements is made in [`statements`].
//!
//! # Invariants
//! - Rows and the ledger entry of their job are written in one transaction, where there are transactions.
//! - What is done once has its row in the ledger before the first of it is done ([`statements::ledger`]).
//! - Where a transaction does not hold statements that change tables, or the loading of files ([`CommitModel`]), a
//!   process may end after any of them: they change nothing when they are repeated, and their row says that they are done
//!   only afterwards (`step.rs`, `swap.rs`, `file_table.rs`, `arrivals.rs`).

mod arrivals;
mod begin;
mod check;
pub mod columnar;
mod commit;
mod destination;
mod engine;
#[cfg(feature = "faults")]
pub mod faults;
mod file_table;
mod information_schema;
mod job;
mod late_keys;
mod ledger_entries;
mod migrate;
mod preview;
mod protocol;
mod read;
mod row;
pub mod server;
pub mod statements;
mod step;
mod swap;
mod sync;
mod take_over;
mod targets;
#[cfg(feature = "testing")]
pub mod testing;

pub use check::trial;
pub use destination::SqlDestination;
pub use engine::{CommitModel, Datasets, LedgerAccess, LedgerGuard, SqlEngine, SqlSession};
pub use information_schema::InformationSchema;
pub use row::{Row, SqlValue};
