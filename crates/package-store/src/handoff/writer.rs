//! How normalize writes its job files.

use cartage_runtime::PageCompression;
use serde::{Deserialize, Serialize};

/// When normalize closes the job file of a table and begins another, and how it packs them. The default sets no
/// limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataWriter {
    /// Rows with which a file is full; no limit where absent.
    pub file_max_items: Option<u64>,
    /// Bytes on disk with which a file is full; no limit where absent.
    pub file_max_bytes: Option<u64>,
    /// How pages of Parquet files are compressed.
    pub compression: PageCompression,
    /// Whether files of lines (`jsonl`, `csv`) are left plain instead of packed with gzip.
    pub disable_compression: bool,
}
