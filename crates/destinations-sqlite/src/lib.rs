//! SQLite as a destination: one database file for each dataset, as dlt has it.
//!
//! The dataset `main` is the file that the settings name. Every other dataset is a file beside it, `shop__raw.sqlite`
//! for the dataset `raw` of `shop.sqlite`, which dlt attaches to the first one.
//!
//! # Invariants
//! - The rows of a dataset, its rows in flight and its ledger are in one file: a transaction over several files is not
//!   atomic while their logs are written ahead. Tables in flight have a name that begins with [`IN_FLIGHT`].
//! - The file is made by the first load, never by [`connect`] and never by a question.
//! - Values that SQLite would round are stored as text or refused, never rounded (`docs/destinations/sqlite.md`).

mod affinity;
mod cell;
mod config;
mod decimal;
mod engine;
mod error;
mod insert;
mod moments;
mod schema_sql;
mod session;
mod values;

pub use config::Config;
pub use engine::{Sqlite, SqliteEngine, connect};
pub use schema_sql::{IN_FLIGHT, SqliteDialect};
pub use session::Session;
