//! DuckDB files: the answers are Arrow already.

mod dialect;
mod error;
mod quote;
mod reflect;
mod session;
mod types;

pub(crate) use dialect::open;
