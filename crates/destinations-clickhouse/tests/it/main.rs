//! ClickHouse through the public type: the conformance suite, and what is its own.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod conformance;
mod ends;
mod failures;
mod sql;
mod types;
mod util;
