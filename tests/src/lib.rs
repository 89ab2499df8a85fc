//! End-to-end tests: they run the real binaries and look at what is on disk afterwards.
//!
//! Nothing here links the stages. The library finds the binaries and compares DuckDB files with what
//! dlt made of the same inputs; the tests are in `tests/it`, and `cargo xtask oracle` runs the same
//! comparison through the binary `oracle`.
//!
//! # Limitations
//! The binaries must be built first (`cargo build --release --workspace`), in the profile of the tests.

pub mod binaries;
pub mod bucket;
pub mod content;
pub mod guide;
pub mod harness;
pub mod lake;
pub mod losses;
pub mod mirror;
pub mod oracle;
pub mod rest;
pub mod services;
pub mod site;
pub mod state;
