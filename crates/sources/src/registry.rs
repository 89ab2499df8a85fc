//! The types of sources by name.

use std::sync::Arc;

use cartage_config::{ConfigError, SourceSettings};
use cartage_runtime::{OnBadRow, Random};
use cartage_source_api::{Resource, Source};

use crate::shared::SourceTable;
use crate::{files, rest};

/// The types that can be built, as `type` names them.
pub const TYPES: &[&str] = &["files", "rest_api"];

type Builder = fn(&SourceSettings, OnBadRow, &Arc<dyn Random>) -> Result<Vec<Resource>, ConfigError>;

/// Builds the source that a table of the configuration describes. Nothing is read or connected to yet. `random` spreads
/// requests that are tried again.
///
/// # Errors
/// [`ConfigError`] with key, place and the nearest known word: an unknown type, unknown keys, and values
/// that cannot be used.
pub fn build(settings: &SourceSettings, random: &Arc<dyn Random>) -> Result<Source, ConfigError> {
    let (resources, own_keys): (Builder, &[&str]) = match settings.kind.as_str() {
        "files" => (files::resources, &[]),
        "rest_api" => (rest::resources, rest::KEYS),
        unknown => {
            let message = format!("there is no source of type `{unknown}`; known are {}", TYPES.join(", "));
            return Err(settings.section.invalid("type", message));
        }
    };
    let table: SourceTable = settings.section.without(own_keys).parse()?;
    Ok(Source {
        name: settings.name.clone(),
        resources: resources(settings, table.on_bad_row, random)?,
        schema: table.schema_settings(),
        on_bad_row: table.on_bad_row,
        name_collisions: table.name_collisions,
    })
}
