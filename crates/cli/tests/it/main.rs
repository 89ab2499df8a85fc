//! The binaries that need no destination, run as processes.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod stages;
mod threads;
