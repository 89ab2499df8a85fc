//! The configuration that a program reads from a file.

use std::path::Path;

use cartage_source_api::SourceError;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::private_files::PrivateFiles;

/// A configuration: a table, or a path of a file that has it.
#[derive(Debug, Default)]
pub(crate) enum ProgramConfig {
    /// It needs none.
    #[default]
    None,
    Table(Value),
    File(String),
}

impl ProgramConfig {
    /// The table; null where it is a file of its own.
    pub(crate) fn value(&self) -> &Value {
        match self {
            Self::Table(table) => table,
            _ => &Value::Null,
        }
    }

    /// The arguments that name its file, which is written among `files` if it is a table.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn arguments(
        &self,
        files: &PrivateFiles,
        base_dir: &Path,
    ) -> Result<Vec<String>, SourceError> {
        let path = match self {
            Self::None => return Ok(Vec::new()),
            Self::Table(table) => files.write("config.json", table)?,
            Self::File(path) => base_dir.join(path),
        };
        Ok(vec!["--config".to_owned(), path.to_string_lossy().into_owned()])
    }
}

impl<'de> Deserialize<'de> for ProgramConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        cartage_config::text_or_structure(deserializer, ConfigVisitor)
    }
}

struct ConfigVisitor;

impl<'de> Visitor<'de> for ConfigVisitor {
    type Value = ProgramConfig;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a table, or the path of a JSON file")
    }

    fn visit_str<E>(self, path: &str) -> Result<ProgramConfig, E> {
        Ok(ProgramConfig::File(path.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProgramConfig, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(ProgramConfig::Table)
    }
}
