//! Tables of a real PostgreSQL server, read through the public types.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod extraction;
mod failures;
mod incremental;
mod partitions;
mod reflection;
#[path = "../shared/mod.rs"]
mod shared;
mod support;
mod types;
