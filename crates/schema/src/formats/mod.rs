//! Schemas as text for people and tools: JSON and YAML, which can be read back, and diagrams, which cannot.

mod dbml;
mod dot;
mod mermaid;
mod references;
mod yaml_read;
mod yaml_scalar;
mod yaml_write;

use std::fmt::{self, Display};
use std::str::FromStr;

use serde_json::Value;

use crate::error::SchemaError;
use crate::schema::Schema;

pub use references::{Cardinality, Reference};

/// A form of text for schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaFormat {
    /// dlt's document, indented by two spaces.
    Json,
    /// The same document as YAML.
    Yaml,
    /// Tables and references in the database markup language.
    Dbml,
    /// A graph for Graphviz.
    Dot,
    /// An entity diagram for Mermaid.
    Mermaid,
}

impl SchemaFormat {
    /// All formats, in the order of messages.
    pub const ALL: [Self; 5] = [Self::Json, Self::Yaml, Self::Dbml, Self::Dot, Self::Mermaid];

    /// The usual extension of files, which is also the name of the format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Dbml => "dbml",
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
        }
    }

    /// Whether a schema can be read from it.
    pub fn can_be_read(self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }
}

impl Display for SchemaFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SchemaFormat {
    type Err = String;

    /// The name of a format, or the extension of a file.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "yml" => Ok(Self::Yaml),
            "mmd" => Ok(Self::Mermaid),
            "gv" => Ok(Self::Dot),
            other => Self::ALL.into_iter().find(|format| format.as_str() == other).ok_or_else(|| {
                format!("`{other}` is not a format of schemas; use json, yaml, dbml, dot or mermaid")
            }),
        }
    }
}

/// How much of a schema is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaTextOptions {
    /// Leaves out the names of tables and columns inside of them, which are their keys too, and where the
    /// schema was imported from.
    pub remove_defaults: bool,
    /// Leaves out what the stages noted.
    pub remove_processing_hints: bool,
}

impl Schema {
    /// The schema in a format. Its version goes up if it was changed or loses processing hints, as in dlt.
    pub fn to_text(&self, format: SchemaFormat, options: SchemaTextOptions) -> String {
        let mut schema = self.clone();
        if options.remove_processing_hints {
            schema = schema.without_processing_hints();
        }
        schema.bump();
        match format {
            SchemaFormat::Json => {
                serde_json::to_string_pretty(&schema.document(options)).expect("a document is JSON") + "\n"
            }
            SchemaFormat::Yaml => yaml_write::to_yaml(&schema.document(options)),
            SchemaFormat::Dbml => dbml::to_dbml(&schema),
            SchemaFormat::Dot => dot::to_dot(&schema),
            SchemaFormat::Mermaid => mermaid::to_mermaid(&schema),
        }
    }

    /// Reads a schema from a text.
    ///
    /// # Errors
    /// As [`from_value`](Self::from_value), and [`SchemaError::Text`] if the text is not of the format or the
    /// format is only for looking at.
    pub fn from_text(format: SchemaFormat, text: &str) -> Result<Self, SchemaError> {
        match format {
            SchemaFormat::Json => Self::from_json(text),
            SchemaFormat::Yaml => Self::from_value(
                yaml_read::from_yaml(text).map_err(|reason| SchemaError::Text { format: "YAML", reason })?,
            ),
            other => Err(SchemaError::Text {
                format: other.as_str(),
                reason: "it is a diagram, from which no schema can be read; use json or yaml".to_owned(),
            }),
        }
    }

    fn document(&self, options: SchemaTextOptions) -> Value {
        let mut document = serde_json::to_value(self).expect("a schema is representable as JSON");
        if options.remove_defaults
            && let Some(document) = document.as_object_mut()
        {
            document.shift_remove("imported_version_hash");
            let tables = document.get_mut("tables").and_then(Value::as_object_mut);
            for table in tables.into_iter().flat_map(|tables| tables.values_mut()) {
                without_name(table);
                let columns = table.get_mut("columns").and_then(Value::as_object_mut);
                columns.into_iter().flat_map(|columns| columns.values_mut()).for_each(without_name);
            }
        }
        document
    }
}

fn without_name(value: &mut Value) {
    if let Some(map) = value.as_object_mut() {
        map.shift_remove("name");
    }
}

#[cfg(test)]
mod tests;
