//! Parquet files inside packages: row groups are encoded on any thread and appended in order.
//!
//! [`Layout`] fixes the columns and encodings of a file, [`Layout::encode`] makes a row group out of
//! column chunks, as does [`RowGroupEncoder`] on several threads, and [`FileWriter`] appends row groups to a
//! file. A layout does not know which file its row groups go to, so that encoding runs ahead of writing and
//! files can be rotated afterwards. The bytes depend on the layout and the chunks only.

mod encode;
mod error;
mod facts;
mod layout;
mod read;
mod write;

pub use encode::RowGroupEncoder;
pub use error::ParquetError;
pub use facts::{ColumnReader, FileFacts};
pub use layout::{Batch, Compression, EncodedRowGroup, Layout, LayoutOptions};
pub use read::FileReader;
pub use write::FileWriter;
