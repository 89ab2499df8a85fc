//! The loss detector: random inputs go through the real binary, and every value must be found again.
//!
//! What it proves and what not is in `docs/decisions/0030-loss-detector.md`. A case is made from a seed
//! ([`generate`]), written as files and run ([`check`]), judged by a model that knows names, nesting and equality,
//! but not which types Cartage chooses, and made small if something is lost ([`shrink`]).

mod arrays;
mod arrow_values;
mod case;
mod chance;
mod dataset;
mod equal;
mod files;
mod generate;
mod given;
mod json;
mod json_values;
mod judge;
mod moments;
mod names;
mod nested;
mod number;
mod outcome;
mod search;
mod shrink;
mod texts;

use std::path::Path;

use anyhow::Result;

pub use case::Case;
pub use files::write;
pub use generate::generate;
pub use judge::{Counts, Finding, Judgement};
pub use shrink::shrink;

/// Runs a case in a folder of its own and judges what it left.
///
/// # Errors
/// If the files cannot be written, the binary does not start, or the database cannot be read.
pub fn check(case: &Case, binary: &Path) -> Result<Judgement> {
    let folder = tempfile::tempdir()?;
    let outcomes = outcome::run(case, folder.path(), binary)?;
    judge::judge(case, &outcomes, folder.path())
}
