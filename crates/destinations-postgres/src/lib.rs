//! PostgreSQL as a destination: one schema per dataset, rows by binary COPY.
//!
//! Batches of a package's Parquet files are encoded column by column into the binary form of COPY and
//! sent on several connections; no row becomes a value of its own. Rows and the ledger entry of their
//! job are one transaction. The ledger and the rows in flight live in the staging dataset
//! (`<dataset>_staging`), which is gone once nothing is in flight in it.
//!
//! # Invariants
//! - Nothing connects before the first call that needs the server.
//! - A load holds an advisory lock of its pipeline and dataset from its preparation to its commit, so
//!   that two machines never load the same pipeline at once.
//! - A ledger entry is claimed first in its transaction: a second attempt waits for the first one and
//!   then finds the work done.
//! - What the ledger says is still to be done (unique row ids of new tables) is done before the commit.
//! - No message holds a password: settings print without values, errors of the server know none.
//!
//! # Limitations
//! Merges that update need `MERGE` of PostgreSQL 15. Of libpq's own places for settings (`PGHOST`,
//! `~/.pgpass`, service files) none is read; `pipeline.toml`, secrets files and the environment are.

mod catalog;
mod check;
mod client;
mod config;
mod connector;
mod copy;
mod engine;
mod error;
mod lock;
mod params;
mod schema_sql;

pub use cartage_sql_client::postgres::{PostgresCredentials, SslMode};
pub use client::Session;
pub use config::{Config, NulCharacters, PostgresKeys};
pub use connector::PostgresConnector;
pub use engine::{Postgres, PostgresEngine, connect};
pub use schema_sql::PostgresDialect;
