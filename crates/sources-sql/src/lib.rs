//! SQL databases as sources: tables are reflected, and read as columns.
//!
//! [`SqlSource`] reads the settings of a source, asks the database once what its tables look like, and makes a
//! [`TableReader`] of each, with the hints that reflection gives. A reader selects the columns of its table in one
//! statement or in several that divide the table, from sessions that only read; threads of its own decode the answers
//! straight into Arrow builders.
//!
//! # Invariants
//! - No value is changed on the way: it fits the type of its column, or the error names column, reason and remedy.
//! - One statement or one snapshot reads a table, so that a table that changes meanwhile is read as of one point in
//!   time; what is committed later is the next run's. Only ranges of a column that the user asks for, in a database
//!   without shared snapshots, show their own points in time.
//! - A source has no more connections than its settings allow, and nothing waits for a connection of a table whose rows
//!   are not being consumed.
//! - Bounds of a cursor in SQL never leave out a row that the cursor would let pass: what lies at a bound is decided by
//!   `cartage-incremental`.
//! - No message contains a password.
//!
//! # Limitations
//! Each database is a feature of the crate. Parts come in no order, so that a run that was killed in the middle of them
//! begins at the beginning; so does a table of which one connection was lost.

#[cfg(feature = "adbc")]
mod adbc;
mod batches;
mod bounds;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod builders;
#[cfg(any(feature = "adbc", feature = "duckdb"))]
mod columnar;
mod config;
mod connections;
mod database;
#[cfg(any(feature = "mysql", feature = "sqlite"))]
mod decimals;
mod drivers;
#[cfg(feature = "duckdb")]
mod duckdb;
mod error;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod executor;
#[cfg(any(feature = "duckdb", feature = "sqlite"))]
mod file_address;
#[cfg(any(feature = "adbc", feature = "duckdb", feature = "mysql", feature = "postgres"))]
mod floats;
mod hints;
mod key_ranges;
mod kind;
#[cfg(any(feature = "mysql", feature = "sqlite"))]
mod moments;
#[cfg(feature = "mysql")]
mod mysql;
mod partitioning;
mod partitions_setting;
#[cfg(feature = "postgres")]
mod postgres;
mod reader;
mod reading;
mod reflected;
mod renames;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod rows;
mod source;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod wanted;

pub use config::{ReflectionLevel, ResourceKeys, SourceKeys};
pub use error::SqlError;
pub use partitions_setting::Partitions;
pub use reader::TableReader;
pub use source::{SqlResource, SqlSource};
