//! DuckDB through its public type: the conformance suite, and what is DuckDB's own.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod conformance;
mod ends;
mod files;
mod foreign;
mod growth;
mod locks;
mod merge_sql;
mod types;
mod util;
