//! Incremental loading: only rows beyond what earlier runs have seen.
//!
//! [`bind`] puts a cursor around the producer of a resource. It drops rows which are out of range or known, in the
//! thread that makes the page, and hands over with each page what it does to the state
//! ([`CursorAdvance`](cartage_source_api::CursorAdvance)); the stage notes it in a [`Position`] as it takes the page. So
//! the state is always that of the pages in the package, however many are being made ahead. Resources without a cursor
//! have none of this.
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
pub use meaning::Meaning;
pub use position::Position;
pub use producer::{Bounds, bind};
pub use settings::CursorSettings;
