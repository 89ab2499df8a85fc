//! `[data_writer]`: how big the files inside packages get. Allowed at a stage, a source or a resource.

use std::num::NonZeroU64;

use cartage_runtime::{DEFAULT_FILE_BYTES, DEFAULT_FILE_ROWS};
use serde::Deserialize;

/// When files rotate and whether they are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataWriterSettings {
    /// Rows in memory before they are written.
    pub buffer_max_items: NonZeroU64,
    /// Rows of one file; the next row starts another.
    pub file_max_items: NonZeroU64,
    /// Bytes of one file before compression; where nothing is said, normalize takes what suits the destination.
    pub file_max_bytes: Option<NonZeroU64>,
    /// Plain files instead of zstd.
    pub disable_compression: bool,
}

impl DataWriterSettings {
    /// Bytes of one file, for a destination that loads files of the `recommended` size best.
    pub fn file_bytes(&self, recommended: Option<u64>) -> u64 {
        self.file_max_bytes.map_or_else(|| recommended.unwrap_or(DEFAULT_FILE_BYTES), NonZeroU64::get)
    }
}

impl Default for DataWriterSettings {
    fn default() -> Self {
        let number = |n| NonZeroU64::new(n).expect("the defaults are not zero");
        Self {
            buffer_max_items: number(5_000),
            file_max_items: number(DEFAULT_FILE_ROWS),
            file_max_bytes: None,
            disable_compression: false,
        }
    }
}
