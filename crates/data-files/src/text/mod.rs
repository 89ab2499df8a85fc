//! Files of text lines for those who read the files themselves: `jsonl` and `csv` as dlt writes them, packed with
//! gzip or plain.
//!
//! As with [`crate::parquet`], groups of rows are encoded on any thread and appended in order. A packed file is
//! one gzip member a group, which every reader of gzip takes as one stream.

mod cells;
mod error;
mod layout;
mod write;

pub use cells::Mark;
pub use error::TextError;
pub use layout::{EncodedLines, TextFormat, TextLayout};
pub use write::LinesWriter;
