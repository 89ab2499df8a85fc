//! Parquet files inside packages: row groups are encoded on any thread and appended in order.
//!
//! [`Layout`] fixes the columns and encodings of a file, [`Layout::encode`] makes a row group out of
//! column chunks, as does [`RowGroupEncoder`] on several threads, and [`FileWriter`] appends row groups to a
//! file. A layout does not know which file its row groups go to, so that encoding runs ahead of writing and
//! files can be rotated afterwards. The bytes depend on the layout and the chunks only.
//!
//! Files of others are not to be trusted: [`examine`] reads a footer, [`verify`] all of a file, and [`FileReader`] its
//! rows. Whatever the libraries make of damage, panics included, comes out as a [`ParquetError`].

mod deltas;
mod encode;
mod error;
mod facts;
mod footer;
mod int96;
mod layout;
mod open;
mod pages;
mod read;
mod thrift;
mod verify;
mod write;

pub use encode::RowGroupEncoder;
pub use error::ParquetError;
pub use facts::{ColumnReader, FileFacts};
pub use layout::{ColumnBatch, Compression, EncodedRowGroup, Layout, LayoutOptions};
pub use open::{Footer, examine};
pub use read::{FileReader, ReadOptions};
pub use verify::verify;
pub use write::FileWriter;
