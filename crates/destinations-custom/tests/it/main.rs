//! Custom destinations as a load drives them: real files, real processes.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod function;
mod place;
mod process;
