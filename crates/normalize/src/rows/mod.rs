//! The way of one item from its tape to the columns of its tables.
//!
//! Each row passes four phases, one file each, and comes back to [`RowContext`] only for the rows below it:
//!
//! ```text
//!              tape of an item (simd_json)
//!                       │
//!   context   item ─▶ object ◀──────────────────────────┐
//!                       │                               │ each element of a list
//!   unfold      objects into cells, lists set aside     │ is a row of its own,
//!   row_id      id, link to the row above               │ below this one
//!   contract    what the contract refuses               │
//!   append      cells typed, appended to columns ───────┘
//! ```
//!
//! Three structures outlive the row. [`Shapes`](crate::shape::Shapes) know names and nothing of types; they are
//! kept by a worker for the whole package. [`BlockTables`](crate::tables::BlockTables) know types, and begin anew
//! with each block. [`UnfoldedRow`] holds the cells of the row at hand and is empty between items.

mod append;
mod context;
mod contract;
mod row_id;
mod unfold;
mod unfolded;

pub(crate) use context::RowContext;
pub(crate) use unfolded::{Overwritten, UnfoldedRow};
