//! Outcomes of the crate's public types.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod blocks;
mod damage;
mod int96;
mod lengths;
mod parquet;
