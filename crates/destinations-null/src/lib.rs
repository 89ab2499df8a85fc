//! The smallest destination: it takes every file, counts its rows and keeps nothing.
//!
//! For timing extract and normalize, for dry runs, and as the example to start a destination from.
//! With feature `memory` there is also `Memory`, which keeps rows and has transactions and a
//! ledger; it stands in for a database in tests. `FaultyMemory` is the same shared by many connections, with
//! steps that fail on demand.
//!
//! # Limitations
//! Nothing is remembered, so a job that is repeated after a crash counts its rows again.

#[cfg(feature = "memory")]
mod contents;
#[cfg(feature = "memory")]
mod database;
#[cfg(feature = "memory")]
mod engine;
#[cfg(feature = "memory")]
mod faulty_memory;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "memory")]
mod memory_jobs;
#[cfg(feature = "memory")]
mod memory_load;
#[cfg(feature = "memory")]
mod memory_place;
mod null;

#[cfg(feature = "memory")]
pub use engine::Moment;
#[cfg(feature = "memory")]
pub use faulty_memory::{FaultyMemory, LoadStep};
#[cfg(feature = "memory")]
pub use memory::Memory;
#[cfg(feature = "memory")]
pub use memory_place::MemoryPlace;
pub use null::Null;
