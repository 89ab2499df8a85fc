//! MySQL and MariaDB as destinations: one database per dataset, rows by `LOAD DATA LOCAL INFILE`.
//!
//! Batches of a package's Parquet files become lines of text that are streamed to the server on several connections;
//! where the server takes no such files, they become statements with many rows. Rows and the ledger entry of their job
//! are one transaction. A statement that changes tables commits by itself there, so each of them changes nothing when
//! it is repeated (`CommitModel::ROWS_ONLY` of `destinations-sql`). The ledger and the rows in flight live in the staging
//! dataset (`<dataset>_staging`), which is gone once nothing is in flight in it.
//!
//! # Invariants
//! - Nothing connects before the first call that needs the server.
//! - A load holds a lock of the server for its pipeline and dataset from its preparation to its commit, so that two
//!   machines never load the same pipeline at once.
//! - The server changes no value to make it fit: sessions are strict, and a file that left a warning behind is undone.
//! - Tables are InnoDB's and their text is `utf8mb4`, compared byte by byte, whatever the defaults of the server are.
//! - No message holds a password: settings print without values, errors of the server know none.
//!
//! # Limitations
//! Numbers that are none (NaN, infinities) and years outside of 0 to 9999 are refused: the server has no place for
//! them. Of MySQL's own places for settings (`my.cnf`, `MYSQL_PWD`) none is read.

mod catalog;
mod client;
mod config;
mod connector;
mod engine;
mod error;
mod load;
mod lock;
mod schema_sql;

pub use cartage_sql_client::mysql::{MysqlCredentials, SslMode};
pub use client::Session;
pub use config::Config;
pub use connector::MysqlConnector;
pub use engine::{Mysql, MysqlEngine, connect};
pub use schema_sql::MysqlDialect;
