//! PostgreSQL through its public type: the conformance suite, and what is PostgreSQL's own.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod conformance;
mod failures;
mod types;
mod util;
