//! Warehouses in the cloud as destinations, each behind a feature of its name.
//!
//! All of them load a file into a table of its own first and insert its rows from there in one transaction with the
//! ledger entry of its job (`CommitModel { ddl: false, bulk: false }` of `destinations-sql`).

#[cfg(feature = "bigquery")]
pub mod bigquery;
