//! Sources and resources as the stage is handed them.

use std::fmt::{self, Debug};

use cartage_runtime::{NameCollisions, OnBadRow};
use cartage_schema::hints::ResourceHints;
use cartage_schema::{DataType, DefaultHint, Detection, Schema, SchemaError};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::producer::Producer;

/// A named group of resources that share a schema.
#[derive(Debug)]
pub struct Source {
    /// As the user calls it; the schema has the normalized name.
    pub name: String,
    /// In the order in which they take turns.
    pub resources: Vec<Resource>,
    /// What the source says about its schema.
    pub schema: SchemaSettings,
    /// What happens to rows that cannot be used.
    pub on_bad_row: OnBadRow,
    /// What happens where two keys of a row become one column.
    pub name_collisions: NameCollisions,
}

/// A named producer of rows, with hints for their table.
pub struct Resource {
    /// Unique in the source.
    pub name: String,
    /// Write disposition, keys, columns and so on.
    pub hints: ResourceHints,
    /// Makes the rows.
    pub producer: Box<dyn Producer>,
    /// The resource of the same source whose pages the producer works on. It runs even where it does not take
    /// part itself; then its rows go nowhere else.
    pub parent: Option<String>,
    /// Whether it takes part where nobody names the resources that do.
    pub selected: bool,
}

impl Resource {
    /// A resource that takes part and has no parent.
    pub fn new(name: impl Into<String>, hints: ResourceHints, producer: Box<dyn Producer>) -> Self {
        Self { name: name.into(), hints, producer, parent: None, selected: true }
    }
}

impl Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource")
            .field("name", &self.name)
            .field("hints", &self.hints)
            .finish_non_exhaustive()
    }
}

/// What a source says about its schema. What is absent stays as the schema has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaSettings {
    /// Levels of lists and objects that are unpacked.
    pub max_table_nesting: Option<u32>,
    /// Whether nested tables get the id of their root row.
    pub root_key: Option<bool>,
    /// Contract of all tables that have none themselves.
    pub schema_contract: Option<Value>,
    /// Whether the source itself says nothing about its schema, like a list of resources that is handed to dlt's
    /// `run`. What an earlier run said about nesting, root keys and the contract stays then. Otherwise it goes
    /// where this source does not say it again.
    pub inherits: bool,
    /// Whether rows and values that contracts discard are kept in quarantine. Resources may say otherwise.
    pub quarantine: Option<bool>,
    /// Detections instead of those of the schema.
    pub detections: Option<Vec<Detection>>,
    /// Detections besides those of the schema.
    pub add_detections: Vec<Detection>,
    /// Detections that the schema should not have.
    pub remove_detections: Vec<Detection>,
    /// Types of new columns by name or pattern.
    pub preferred_types: IndexMap<String, DataType>,
    /// Hints of new columns by name or pattern.
    pub default_hints: IndexMap<DefaultHint, Vec<String>>,
    /// Columns whose values go from rows to the rows below them.
    pub propagation: Option<Map<String, Value>>,
}

impl SchemaSettings {
    /// True if nothing is said about the schema.
    pub fn says_nothing(&self) -> bool {
        // What happens to discarded rows is not part of it.
        *self == Self { quarantine: self.quarantine, inherits: self.inherits, ..Self::default() }
    }

    /// Changes `schema` accordingly. Applying the same settings again changes nothing.
    ///
    /// # Errors
    /// [`SchemaError`] for a pattern or contract that cannot be understood.
    pub fn apply(&self, schema: &mut Schema) -> Result<(), SchemaError> {
        if self.max_table_nesting.is_some() || !self.inherits {
            schema.normalizers.set_max_nesting(self.max_table_nesting);
        }
        if self.root_key.is_some() || !self.inherits {
            schema.normalizers.set_root_key_propagation(self.root_key);
        }
        if !self.inherits {
            schema.normalizers.forget_propagation();
            schema.normalizers.drop_empty();
        }
        if self.schema_contract.is_some() || !self.inherits {
            schema.set_contract(self.schema_contract.clone())?;
        }
        if let Some(detections) = &self.detections {
            schema.settings.detections = Some(detections.clone());
        }
        for detection in &self.add_detections {
            schema.add_detection(*detection);
        }
        for detection in &self.remove_detections {
            schema.remove_detection(*detection);
        }
        if !self.preferred_types.is_empty() {
            schema.merge_preferred_types(&self.preferred_types)?;
        }
        if !self.default_hints.is_empty() {
            schema.merge_default_hints(&self.default_hints)?;
        }
        if let Some(propagation) = &self.propagation {
            schema.merge_propagation(propagation);
        }
        Ok(())
    }
}
