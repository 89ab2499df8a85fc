//! The words for job files that every crate shares: how rows are written, and how a whole file is packed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the rows of a job file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// Apache Parquet: columns with types, compressed in pages.
    Parquet,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
}

/// How a job file is packed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Zstandard, with the extension `.zst`.
    Zst,
    /// Gzip, with the extension `.gz`.
    Gz,
}

/// How pages of Parquet files are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PageCompression {
    /// Not at all.
    #[default]
    None,
    /// Pages compressed with Snappy.
    Snappy,
    /// Pages compressed with LZ4, without frames (`LZ4_RAW`).
    Lz4,
    /// Pages compressed with Zstandard.
    Zstd,
}

/// A word that names no format, no codec or no compression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFileWord {
    what: &'static str,
    found: String,
    known: Vec<&'static str>,
}

impl FileFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Parquet, Self::Jsonl, Self::Csv];

    /// The word in names of files, in documents and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

impl Codec {
    /// Every codec.
    pub const ALL: [Self; 2] = [Self::Zst, Self::Gz];

    /// The word in names of files and in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zst => "zst",
            Self::Gz => "gz",
        }
    }
}

impl PageCompression {
    /// Every compression.
    pub const ALL: [Self; 4] = [Self::None, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for PageCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word among `all` that is written as `text`.
fn find<T: Copy, const N: usize>(
    what: &'static str,
    text: &str,
    all: [T; N],
    as_str: fn(T) -> &'static str,
) -> Result<T, UnknownFileWord> {
    let found = all.into_iter().find(|word| as_str(*word) == text);
    found.ok_or_else(|| UnknownFileWord { what, found: text.to_owned(), known: all.map(as_str).to_vec() })
}

impl FromStr for FileFormat {
    type Err = UnknownFileWord;

    fn from_str(text: &str) -> Result<Self, UnknownFileWord> {
        find("file format", text, Self::ALL, Self::as_str)
    }
}

impl FromStr for Codec {
    type Err = UnknownFileWord;

    fn from_str(text: &str) -> Result<Self, UnknownFileWord> {
        find("codec", text, Self::ALL, Self::as_str)
    }
}

impl FromStr for PageCompression {
    type Err = UnknownFileWord;

    fn from_str(text: &str) -> Result<Self, UnknownFileWord> {
        find("compression", text, Self::ALL, Self::as_str)
    }
}

impl fmt::Display for UnknownFileWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}' is not known, use one of {}", self.what, self.found, self.known.join(", "))
    }
}

impl std::error::Error for UnknownFileWord {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_what_it_is_the_name_of() {
        for format in FileFormat::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        for codec in Codec::ALL {
            assert_eq!(codec.as_str().parse(), Ok(codec));
        }
        for compression in PageCompression::ALL {
            assert_eq!(compression.as_str().parse(), Ok(compression));
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_refused_with_those_that_are() {
        let format = "sql".parse::<FileFormat>().unwrap_err().to_string();
        assert_eq!(format, "file format 'sql' is not known, use one of parquet, jsonl, csv");
        let codec = "xz".parse::<Codec>().unwrap_err().to_string();
        assert_eq!(codec, "codec 'xz' is not known, use one of zst, gz");
        let compression = "xz".parse::<PageCompression>().unwrap_err().to_string();
        assert_eq!(compression, "compression 'xz' is not known, use one of none, snappy, lz4, zstd");
    }
}
