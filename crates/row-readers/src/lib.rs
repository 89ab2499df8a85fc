//! Text to rows.
//!
//! [`Lines`] cuts text of one row a line into pages, [`DocumentReader`] finds the rows of a JSON document of any size by
//! a [`Selector`], and [`JsonPath`] finds a value in the text of a row. Nothing is parsed: bytes pass as they are, and
//! whether a row is JSON is for normalize to say.
//!
//! ```
//! use cartage_row_readers::{DocumentReader, Lines};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut lines = Lines::new(&b"{\"id\": 1}\n{\"id\": 2}\n"[..], "orders.jsonl".into(), 1 << 20);
//! assert_eq!(lines.next_page()?.map(|page| page.rows()), Some(2));
//!
//! let document = &b"{\"data\": [{\"id\": 1}, {\"id\": 2}]}"[..];
//! let mut rows = DocumentReader::new(document, &"orders.json".into(), "data".parse()?, 1 << 20);
//! assert_eq!(rows.next_page()?.map(|page| page.rows()), Some(2));
//! # Ok(())
//! # }
//! ```
//!
//! # Limitations
//! - Text is UTF-8; other encodings are refused by their byte order mark.

mod document;
mod json_path;
mod lines;
mod scan;

pub use document::{DocumentReader, Selector, SelectorError};
pub use json_path::JsonPath;
pub use lines::Lines;
pub use scan::{Malformed, field};
