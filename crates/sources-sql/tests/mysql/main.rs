//! Tables of a real MariaDB server, read through the public types.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

#[path = "../shared/cursors.rs"]
mod cursors;
mod failures;
mod incremental;
mod partitions;
#[path = "../shared/ranges.rs"]
mod ranges;
mod reflection;
#[path = "../shared/servers.rs"]
mod servers;
#[path = "../shared/mod.rs"]
mod shared;
mod support;
mod types;
