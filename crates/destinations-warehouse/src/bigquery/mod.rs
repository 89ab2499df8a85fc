//! BigQuery as a destination, by its REST interface.
//!
//! A package's Parquet file is uploaded with a load job, or read by the job from a bucket, into a table of its own in
//! the staging dataset; one transaction inserts its rows from there with the ledger entry of its job.
//!
//! # Invariants
//! - Nothing connects before the first call that needs the service.
//! - Whatever changes something is a job with an id of ours, so that nothing is done twice because an answer was lost.
//! - A load job has the same id in every process, so that one that outlives its process is found by the next one.
//! - No message holds a key or a token.
//!
//! # Limitations
//! There are no locks: of two machines that load the same pipeline the later one takes over, and the earlier one
//! ends at its next step. Logins of persons and impersonation are only those of the machine's application default
//! credentials. Rows are not streamed.

mod api;
mod catalog;
mod config;
mod credentials;
mod dialect;
mod engine;
mod error;
mod hints;
mod jobs;
mod literal;
mod load;
mod query;
mod session;
mod turn;
mod upload;

pub use config::Config;
pub use dialect::BigQueryDialect;
pub use engine::{BigQuery, BigQueryConnector, BigQueryEngine, connect};
pub use session::Session;
