//! Settings of a resource of files.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::csv::CsvConfig;
use crate::file_columns::FileColumn;

/// What a resource of `type = "files"` says besides its hints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// Where the files are; nowhere (`[]`) yields nothing.
    pub path: Paths,
    /// What is in them; from the extension where absent.
    #[serde(default)]
    pub format: Option<InputFormat>,
    /// Where in a JSON document the rows are, as in `data.items` or `$.data[*]`.
    #[serde(default)]
    pub data_selector: Option<String>,
    /// How CSV is written.
    #[serde(default)]
    pub csv: CsvConfig,
    /// Whether a pattern that matches nothing, or a name that is not there, means no rows. Otherwise it is an error
    /// where the table is replaced, because that would empty it, and a warning elsewhere.
    #[serde(default)]
    pub allow_empty: bool,
    /// Whether files that earlier runs have read, and that are as they were, are passed over.
    #[serde(default)]
    pub only_new_files: bool,
    /// What is known of a file that becomes columns of its rows.
    #[serde(default)]
    pub file_columns: Vec<FileColumn>,
}

/// Names of files and patterns, in the order in which they are read. `-` is standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths(pub Vec<String>);

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputFormat {
    /// One JSON value a line.
    Jsonl,
    /// One JSON document, or a sequence of them.
    Json,
    /// Rows with separated fields; the separator may be detected.
    Csv,
    /// Columns with types of their own, which become those of the table.
    Parquet,
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
