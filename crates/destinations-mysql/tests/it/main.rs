//! MySQL and MariaDB through the public type: the conformance suite, and what is their own.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod conformance;
mod ends;
mod failures;
mod handover;
mod types;
mod util;
