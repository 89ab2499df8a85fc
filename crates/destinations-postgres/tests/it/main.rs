//! PostgreSQL through its public type: the conformance suite, and what is PostgreSQL's own.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod conformance;
mod ends;
mod failures;
mod row_key;
mod types;
mod util;
