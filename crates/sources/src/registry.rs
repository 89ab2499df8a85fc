//! The types of sources by name.

use std::sync::Arc;

use cartage_config::{ConfigError, Section, SourceSettings};
use cartage_runtime::Random;
use cartage_source_api::Source;
use serde::Deserialize;

use crate::shared::{SchemaTable, SourceTable};
#[cfg(feature = "sql")]
use crate::sql;
use crate::{files, programs, rest};

/// The types that can be built, as `type` names them.
pub const TYPES: &[&str] = if cfg!(feature = "sql") {
    &["files", "rest_api", "sql_database", "process", "python", "singer", "airbyte"]
} else {
    &["files", "rest_api", "process", "python", "singer", "airbyte"]
};

/// Whether a type of sources finds out which resources it has, besides those that are listed.
pub fn finds_resources(kind: &str) -> bool {
    kind == "sql_database" || programs::keys_of(kind).is_some()
}

/// Builds the source that a table of the configuration describes. `random` spreads requests that are tried
/// again. Nothing is read yet; a `sql_database` is connected to, because it says what its tables look like, and a program
/// that speaks the source protocol is started, because it says which resources it has.
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
        kind if programs::keys_of(kind).is_some() => {
            (settings.section.clone(), programs::keys_of(kind).unwrap_or_default())
        }
        unknown => {
            let message = format!("there is no source of type `{unknown}`; known are {}", TYPES.join(", "));
            return Err(settings.section.invalid("type", message));
        }
    };
    let table: SourceTable = section.without(own_keys).parse()?;
    let mut schema = table.schema_settings();
    let resources = match (kind, table.database_schema()) {
        #[cfg(feature = "sql")]
        ("sql_database", schema) => sql::resources(settings, schema, table.on_bad_row, random)?,
        (_, Some(_)) => {
            let message =
                "only sources of type `sql_database` have one; write the settings of the schema as a table";
            return Err(section.invalid("schema", message));
        }
        (kind, None) if programs::keys_of(kind).is_some() => {
            let source = programs::source(settings)?;
            schema.max_table_nesting = schema.max_table_nesting.or(source.schema.max_table_nesting);
            schema.root_key = schema.root_key.or(source.schema.root_key);
            schema.schema_contract = schema.schema_contract.or(source.schema.schema_contract);
            if let Some(own) = source.schema.schema {
                let wrong =
                    |error| settings.section.invalid("type", format!("the program's schema: {error}"));
                SchemaTable::deserialize(own).map_err(wrong)?.below(&mut schema);
            }
            // Only where nobody says anything.
            schema.inherits = source.schema.inherits && schema.says_nothing();
            source.resources
        }
        ("files", None) => files::resources(settings, table.on_bad_row, random)?,
        (_, None) => rest::resources(settings, table.on_bad_row, random)?,
    };
    Ok(Source {
        name: settings.name.clone(),
        resources,
        schema,
        on_bad_row: table.on_bad_row,
        name_collisions: table.name_collisions,
    })
}
