//! DuckDB through its public type: the conformance suite, and what is DuckDB's own.

mod conformance;
mod files;
mod locks;
mod types;
mod util;
