//! Warehouses in the cloud as destinations, each behind a feature of its name.
//!
//! BigQuery loads a file into a table of its own first and inserts its rows from there in one transaction with the ledger
//! entry of its job; Snowflake loads it in that transaction (`CommitModel` of `destinations-sql`).

#[cfg(feature = "bigquery")]
pub mod bigquery;
#[cfg(feature = "snowflake")]
pub mod snowflake;
