//! JSON documents to rows: an array of rows, one row, a sequence of either, or what a selector finds.
//!
//! The bytes of a row are copied unchanged, only line breaks between its tokens become spaces, so
//! that a row is one line. Nothing is parsed into a tree, and the document is never held as a whole.

mod reader;
mod selector;
mod window;

pub use reader::DocumentReader;
pub use selector::{Selector, SelectorError};
