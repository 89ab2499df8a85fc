//! Tables of a real MariaDB server, read through the public types.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod failures;
mod incremental;
mod partitions;
mod reflection;
#[path = "../shared/mod.rs"]
mod shared;
mod support;
mod types;
