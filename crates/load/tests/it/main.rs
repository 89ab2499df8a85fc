//! The load stage on real packages and a destination in memory.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod crashes;
mod errors;
mod outcomes;
mod running;
mod shop;
mod spy;
mod staged;
