//! Writers and readers of the files inside load packages.
//!
//! A `jsonl` file inside a package is a sequence of *blocks*: independent zstd frames, or plain text
//! where compression is disabled. Each block holds whole rows, so that blocks can be compressed,
//! decompressed and parsed in parallel; [`blocks`] owns that format.
//!
//! # Limitations
//! Files of other programs (gzip, many small zstd frames, no content size in the frame header) are
//! no block files; the sources read those.

pub mod arrays;
pub mod blocks;
pub mod parquet;
pub mod text;
