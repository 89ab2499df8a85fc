//! The crate against dlt: vectors that dlt made, and documents that it stored.
//!
//! `fixtures/schema/recipe.py` makes the vectors. `CARTAGE_SCHEMA_VECTORS` names another folder with more of
//! them.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

mod documents;
mod evolution;
mod hints;
mod names;
mod properties;
mod row_ids;
mod vectors;
