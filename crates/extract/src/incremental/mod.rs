//! Incremental loading: only rows beyond what earlier runs have seen.
//!
//! A resource with a cursor gets a [`IncrementalProducer`] around its own producer. That drops rows which
//! are out of range or known, in the thread that makes the page, and hands over with each page what it does to
//! the state; the stage notes it as it takes the page. So the state is always that of the
//! pages in the package, however many are being made ahead. Resources without a cursor have none of this.
//!
//! Values compare by the type of the cursor's column ([`Meaning`]): texts of times as points in time, texts of
//! numbers as numbers where the column has such a type. The state has the last value as the row spells it.
//!
//! JSON rows are scanned for the cursor, not parsed; what passes keeps its bytes. Columnar rows are compared
//! column by column.
//!
//! # Limitations
//! Columnar rows need a column as cursor, not a path. External schedulers are not asked for a range.

mod columns;
mod columns_page;
mod direction;
mod error;
mod hash;
mod instant;
mod iso_text;
mod lag;
mod meaning;
mod number;
mod parquet_file;
mod position;
mod producer;
mod rows;
mod settings;
mod value;
mod window;

#[cfg(test)]
mod tests;

pub use error::CursorError;
pub(crate) use position::Position;
pub(crate) use producer::{Bounds, bind};
pub(crate) use settings::CursorSettings;
