//! The types of sources by name.

use std::sync::Arc;

use cartage_config::{ConfigError, Section, SourceSettings};
use cartage_runtime::Random;
use cartage_source_api::Source;

use crate::shared::SourceTable;
#[cfg(feature = "sql")]
use crate::sql;
use crate::{files, rest};

/// The types that can be built, as `type` names them.
pub const TYPES: &[&str] =
    if cfg!(feature = "sql") { &["files", "rest_api", "sql_database"] } else { &["files", "rest_api"] };

/// Builds the source that a table of the configuration describes. `random` spreads requests that are tried
/// again. Nothing is read yet; a `sql_database` is connected to, because it says what its tables look like.
///
/// # Errors
/// [`ConfigError`] with key, place and the nearest known word: an unknown type, unknown keys, and values
/// that cannot be used.
pub fn build(settings: &SourceSettings, random: &Arc<dyn Random>) -> Result<Source, ConfigError> {
    let kind = settings.kind.as_str();
    let (section, own_keys): (Section, &[&str]) = match kind {
        "files" => (settings.section.clone(), files::KEYS),
        "rest_api" => (settings.section.clone(), rest::KEYS),
        #[cfg(feature = "sql")]
        "sql_database" => (sql::spelled_out(&settings.section), sql::KEYS),
        unknown => {
            let message = format!("there is no source of type `{unknown}`; known are {}", TYPES.join(", "));
            return Err(settings.section.invalid("type", message));
        }
    };
    let table: SourceTable = section.without(own_keys).parse()?;
    let resources = match (kind, table.database_schema()) {
        #[cfg(feature = "sql")]
        ("sql_database", schema) => sql::resources(settings, schema, table.on_bad_row, random)?,
        (_, Some(_)) => {
            let message =
                "only sources of type `sql_database` have one; write the settings of the schema as a table";
            return Err(section.invalid("schema", message));
        }
        ("files", None) => files::resources(settings, table.on_bad_row, random)?,
        (_, None) => rest::resources(settings, table.on_bad_row, random)?,
    };
    Ok(Source {
        name: settings.name.clone(),
        resources,
        schema: table.schema_settings(),
        on_bad_row: table.on_bad_row,
        name_collisions: table.name_collisions,
    })
}
