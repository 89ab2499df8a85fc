//! Settings of a resource of files.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What a resource of `type = "files"` says besides its hints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// Where the files are; nowhere (`[]`) yields nothing.
    pub path: Paths,
    /// What is in them; from the extension where absent.
    #[serde(default)]
    pub format: Option<Format>,
    /// Where in a JSON document the rows are, as in `data.items` or `$.data[*]`.
    #[serde(default)]
    pub data_selector: Option<String>,
    /// How CSV is written.
    #[serde(default)]
    pub csv: CsvConfig,
}

/// Names of files and patterns, in the order in which they are read. `-` is standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths(pub Vec<String>);

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON value a line.
    Jsonl,
    /// One JSON document, or a sequence of them.
    Json,
    /// Comma-separated values.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// How CSV is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CsvConfig {
    /// Between fields; a comma, or a tab for files named `.tsv`, where absent.
    #[serde(deserialize_with = "one_byte")]
    pub delimiter: Option<u8>,
    /// Around fields; the empty text means that nothing is quoted.
    #[serde(deserialize_with = "byte_or_none")]
    pub quote: Option<u8>,
    /// Before a quote inside a quoted field; it is doubled where absent.
    #[serde(deserialize_with = "one_byte")]
    pub escape: Option<u8>,
    /// Where the names of the columns are.
    pub header: CsvHeader,
    /// Unquoted texts that stand for null, besides the empty one.
    pub null_values: Vec<String>,
    /// Whether values get types.
    pub types: CsvTypes,
}

impl Default for CsvConfig {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: Some(b'"'),
            escape: None,
            header: CsvHeader::default(),
            null_values: Vec::new(),
            types: CsvTypes::default(),
        }
    }
}

/// Where the names of the columns are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// In the first record (`true`).
    #[default]
    First,
    /// Nowhere (`false`): they are `column_1`, `column_2` and so on.
    Absent,
    /// In the settings; the first record is data.
    Names(Vec<String>),
}

/// Whether values of CSV get types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CsvTypes {
    /// A column is integer, number or boolean if all values in the first rows of the file are.
    #[default]
    Detect,
    /// All values are text.
    Text,
}

impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PathsVisitor;
        impl<'de> Visitor<'de> for PathsVisitor {
            type Value = Paths;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path, or a list of paths")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Paths, D::Error> {
                deserializer.deserialize_any(self)
            }

            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<Paths, E> {
                Ok(Paths(vec![path.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Paths, A::Error> {
                let mut paths = Vec::new();
                while let Some(path) = list.next_element()? {
                    paths.push(path);
                }
                Ok(Paths(paths))
            }
        }
        // By this name a configuration knows that a text is a text, whatever it looks like.
        deserializer.deserialize_newtype_struct("cartage_config::text_or_structure", PathsVisitor)
    }
}

impl<'de> Deserialize<'de> for CsvHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeaderVisitor;
        impl<'de> Visitor<'de> for HeaderVisitor {
            type Value = CsvHeader;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or a list of column names")
            }

            fn visit_bool<E: serde::de::Error>(self, first: bool) -> Result<CsvHeader, E> {
                Ok(if first { CsvHeader::First } else { CsvHeader::Absent })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<CsvHeader, A::Error> {
                let mut names: Vec<String> = Vec::new();
                while let Some(name) = list.next_element()? {
                    if names.contains(&name) {
                        return Err(A::Error::custom(format_args!("the column `{name}` is named twice")));
                    }
                    names.push(name);
                }
                Ok(CsvHeader::Names(names))
            }
        }
        deserializer.deserialize_any(HeaderVisitor)
    }
}

fn one_byte<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_bytes() {
        [byte] if byte.is_ascii() => Ok(Some(*byte)),
        _ => Err(D::Error::custom(format_args!("expected one ASCII character, found `{text}`"))),
    }
}

fn byte_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_bytes() {
        [] => Ok(None),
        [byte] if byte.is_ascii() => Ok(Some(*byte)),
        _ => Err(D::Error::custom(format_args!("expected one ASCII character or none, found `{text}`"))),
    }
}
