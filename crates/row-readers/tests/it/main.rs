//! Rows of texts through the crate's public types.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod document;
mod lines;
