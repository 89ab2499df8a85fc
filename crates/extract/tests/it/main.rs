//! Outcomes of the stage through the crate's public types.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod at_once;
mod checkpoints;
mod children;
mod columns;
mod cursor_kinds;
mod driven;
mod failures;
mod incremental;
mod packages;
mod refresh;
mod state;
mod support;
