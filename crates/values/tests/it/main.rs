//! Values against dlt: vectors that dlt made, and rules that hold for any value.
//!
//! `fixtures/schema/recipe.py` makes the vectors. `CARTAGE_SCHEMA_VECTORS` names another folder with more of
//! them.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

mod properties;
mod values;
#[path = "../../../schema/tests/it/vectors.rs"]
mod vectors;
