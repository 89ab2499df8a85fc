//! Snowflake as a destination: one schema per dataset, rows as Parquet files by `COPY INTO`.
//!
//! The files of a package are put onto an internal stage of the staging dataset, or are read from the bucket that
//! `staging` of the pipeline names, and one statement loads a file with explicit casts. Its rows and the ledger entry of
//! its job are one transaction. A statement that changes tables commits by itself there, so each of them changes
//! nothing when it is repeated (`CommitModel::ROWS_ONLY` of `destinations-sql`).
//!
//! | what | where |
//! |---|---|
//! | settings | `config.rs`, `credentials.rs` |
//! | how a login proves who it is | `auth` |
//! | the protocol of the drivers over HTTP | `client` |
//! | what errors mean, and what to do about them | `error.rs` |
//! | statements, transactions, what is there | `session.rs`, `catalog.rs` |
//! | the spelling | `dialect.rs` |
//! | files onto the stage, and from there into tables | `stage` |
//!
//! # Invariants
//! - Nothing connects before the first call that needs the service.
//! - A statement whose answer was lost is never sent again: the session is given up, the service undoes what was open,
//!   and the ledger tells the next attempt what is done.
//! - Names are folded to upper case, as dlt does it, unless the naming convention of the destination tells names
//!   apart by case.
//! - No message holds a secret: not of settings, not the tokens of sessions, not the keys of stages.
//!
//! # Limitations
//! - The service has no locks that are not rows of tables, so no lock keeps two machines from loading one pipeline at
//!   once. The ledger keeps their rows apart: the load that begins later takes over, and the other one fails.
//! - Stages whose files the client would have to encrypt (`SNOWFLAKE_FULL`) are refused.
//! - A browser is never opened, and one-time passwords are not asked for.

mod auth;
mod catalog;
mod client;
mod config;
mod connector;
mod credentials;
mod dialect;
mod engine;
mod error;
mod session;
mod stage;

pub use config::{Config, SnowflakeKeys};
pub use connector::SnowflakeConnector;
pub use credentials::SnowflakeCredentials;
pub use dialect::SnowflakeDialect;
pub use engine::{Snowflake, SnowflakeEngine, connect};
pub use session::Session;
