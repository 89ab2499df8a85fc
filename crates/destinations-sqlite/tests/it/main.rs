//! SQLite through its public type: the conformance suite, and what is SQLite's own.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod conformance;
mod ends;
mod files;
mod util;
mod values;
