//! Outcomes of the stage through the crate's public types.

mod columns;
mod document;
mod failures;
mod lines;
mod packages;
mod refresh;
mod support;
