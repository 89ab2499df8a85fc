//! Sources of Rust, extracted into real packages.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cursors;
mod kinds;
mod sources;
mod support;
mod tables;
mod transformers;
