//! DuckDB as a destination: one database file, one schema per dataset.
//!
//! Parquet files of a package are read by DuckDB's own reader, in one transaction with the ledger
//! entry of their job. The ledger and the rows in flight live in the staging dataset
//! (`<dataset>_staging`), which is gone once no load is in flight.
//!
//! # Invariants
//! - The file is opened (and made) by the first call that needs it, never by [`connect`].
//! - A process opens a file once: two values for the same file share one database instance, since
//!   DuckDB's file lock does not protect a process from itself.
//!
//! # Limitations
//! Only `core`, `json` and `parquet` are compiled in and no extension is fetched, so time zones other
//! than UTC are not known to the engine; all timestamps are written in UTC.

mod config;
mod create;
mod database;
mod engine;
mod error;
mod handle;
mod insert;
mod instance;
mod ledger_lock;
mod replacing;
mod schema_sql;
mod session;

pub use config::Config;
pub use engine::{DuckDb, DuckDbEngine, connect};
pub use schema_sql::{CATALOG, DuckDbDialect};
pub use session::Session;
