//! What tables of all types of sources have in common.

use cartage_config::{ConfigError, Section};
use cartage_runtime::{NameCollisions, OnBadRow};
use cartage_schema::hints::ResourceHints;
use cartage_schema::{DataType, DefaultHint, Detection};
use cartage_source_api::SchemaSettings;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};

/// `[sources.<name>]` without what belongs to its type and its resources.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SourceTable {
    max_table_nesting: Option<u32>,
    root_key: Option<bool>,
    schema_contract: Option<Value>,
    quarantine: Option<bool>,
    schema: SchemaTable,
    pub(crate) on_bad_row: OnBadRow,
    pub(crate) name_collisions: NameCollisions,
}

/// The keys of `[sources.<name>.schema]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SchemaTable {
    /// The schema of a database that is read, which is none of ours.
    database_schema: Option<String>,
    detections: Option<Vec<Detection>>,
    add_detections: Vec<Detection>,
    remove_detections: Vec<Detection>,
    preferred_types: IndexMap<String, DataType>,
    default_hints: IndexMap<DefaultHint, Vec<String>>,
    propagation: Option<Map<String, Value>>,
}

impl SchemaTable {
    /// Fills in what `settings` do not say themselves.
    pub(crate) fn below(self, settings: &mut SchemaSettings) {
        let Self {
            detections,
            add_detections,
            remove_detections,
            preferred_types,
            default_hints,
            propagation,
            ..
        } = self;
        settings.detections = settings.detections.take().or(detections);
        settings.propagation = settings.propagation.take().or(propagation);
        if settings.add_detections.is_empty() {
            settings.add_detections = add_detections;
        }
        if settings.remove_detections.is_empty() {
            settings.remove_detections = remove_detections;
        }
        for (name, data_type) in preferred_types {
            settings.preferred_types.entry(name).or_insert(data_type);
        }
        for (hint, names) in default_hints {
            settings.default_hints.entry(hint).or_insert(names);
        }
    }
}

impl SourceTable {
    /// The schema of the database that is read.
    pub(crate) fn database_schema(&self) -> Option<String> {
        self.schema.database_schema.clone()
    }

    pub(crate) fn schema_settings(&self) -> SchemaSettings {
        SchemaSettings {
            max_table_nesting: self.max_table_nesting,
            root_key: self.root_key,
            schema_contract: self.schema_contract.clone(),
            inherits: false,
            quarantine: self.quarantine,
            detections: self.schema.detections.clone(),
            add_detections: self.schema.add_detections.clone(),
            remove_detections: self.schema.remove_detections.clone(),
            preferred_types: self.schema.preferred_types.clone(),
            default_hints: self.schema.default_hints.clone(),
            propagation: self.schema.propagation.clone(),
        }
    }
}

/// The hints in the table of a resource, and the rest of it for the type of the source.
pub(crate) fn split_hints(resource: &Section) -> Result<(ResourceHints, Section), ConfigError> {
    let own: Vec<&str> = resource.keys().filter(|key| key.starts_with("x-")).collect();
    let keys: Vec<&str> = ResourceHints::KEYS.iter().copied().chain(own).collect();
    let table = resource.only(&keys);
    match table.parse() {
        Ok(hints) => Ok((hints, resource.without(&keys))),
        Err(error) => Err(with_place(&table, error)),
    }
}

/// Hints are read as a whole, so that an error only knows the table: this finds the key that it is about.
fn with_place(table: &Section, error: ConfigError) -> ConfigError {
    for key in table.keys() {
        if let Err(ConfigError::Invalid { message, .. }) = table.only(&[key]).parse::<ResourceHints>() {
            let message = message.strip_prefix(&format!("`{key}`: ")).unwrap_or(&message);
            return table.invalid(key, message);
        }
    }
    error
}
