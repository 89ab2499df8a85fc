//! How normalize writes its job files.

use std::fmt;
use std::str::FromStr;

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

/// How pages of Parquet files are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PageCompression {
    /// Not at all.
    #[default]
    None,
    /// Snappy.
    Snappy,
    /// LZ4 without frames.
    Lz4,
    /// Zstandard.
    Zstd,
}

/// A word for no compression of pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCompression(String);

impl PageCompression {
    const ALL: [Self; 4] = [Self::None, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The word in documents and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl FromStr for PageCompression {
    type Err = UnknownCompression;

    fn from_str(text: &str) -> Result<Self, UnknownCompression> {
        let found = Self::ALL.into_iter().find(|compression| compression.as_str() == text);
        found.ok_or_else(|| UnknownCompression(text.to_owned()))
    }
}

impl fmt::Display for UnknownCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = PageCompression::ALL.map(PageCompression::as_str).join(", ");
        write!(f, "compression '{}' is not known, use one of {known}", self.0)
    }
}

impl std::error::Error for UnknownCompression {}
