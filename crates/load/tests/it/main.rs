//! The load stage on real packages and a destination in memory.

mod crashes;
mod errors;
mod outcomes;
mod shop;
mod spy;
