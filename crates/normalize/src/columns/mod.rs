//! Typed columns that rows are appended to, and the Arrow arrays they turn into.
//!
//! Rows that bring nothing for a column cost nothing until the next value: the gap is filled with nulls
//! when something is appended after it, or when the column is finished.

mod limits;
mod physical;
mod validity;
mod values;

pub(crate) use limits::{Limits, exact_type, is_bigint};
pub(crate) use physical::{Physical, PhysicalRules, cast_wide, wide_type};
pub(crate) use values::{ColumnBuilder, ColumnSize};
