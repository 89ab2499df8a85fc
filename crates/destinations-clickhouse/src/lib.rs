//! ClickHouse as a destination, over HTTP: tables of all datasets in one database, rows as whole Parquet files.
//!
//! ClickHouse has no transactions (`CommitModel::NOTHING` of `destinations-sql`). The file of a job is the body of one
//! `INSERT` into a table of its own, and its rows are moved from there with `MOVE PARTITION`, which links their parts
//! and changes nothing when it is repeated. Deduplication by tokens is not used: it loses and doubles rows of files with
//! more than one block.
//!
//! # Invariants
//! - Nothing connects before the first call that needs the server.
//! - A request whose answer was lost is not sent again: the step that it belongs to is repeated, and finds out what is
//!   there.
//! - The server changes no value to make it fit: a file is checked by the statement that inserts it (`load.rs`).
//! - A load holds a lease (`lease.rs`) for its pipeline and dataset from its preparation to its commit.
//! - No message holds a password: it is sent in a header only.
//!
//! # Limitations
//! Timestamps and dates are those of the years 1900 to 2299; others are refused. Nothing is unique: ClickHouse has no
//! such constraint.

mod catalog;
mod client;
mod config;
mod dialect;
mod engine;
mod error;
mod lease;
mod load;
mod session;
mod statement;
mod table_engine;

pub use config::{ClickHouseCredentials, ClickHouseKeys, Config};
pub use dialect::ClickHouseDialect;
pub use engine::{ClickHouse, ClickHouseEngine, ClickHouseServer, connect};
pub use session::Session;
