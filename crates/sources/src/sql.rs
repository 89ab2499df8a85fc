//! `type = "sql_database"`.

use std::sync::Arc;

use cartage_config::{ConfigError, Section, SourceSettings};
use cartage_runtime::{OnBadRow, Random};
use cartage_source_api::Resource;
use cartage_sources_sql::{ResourceKeys, SqlSource};

use crate::shared::split_hints;

/// Keys of the source's table that belong to this type. `schema` is the database's where it is a text, and that of the
/// source where it is a table.
pub(crate) const KEYS: &[&str] = &[
    "credentials",
    "table_names",
    "include_views",
    "reflection_level",
    "chunk_size",
    "resolve_foreign_keys",
    "max_connections",
    "type_overrides",
];

/// The table of the source with the schema of the database in the table of its own schema.
pub(crate) fn spelled_out(section: &Section) -> Section {
    section.spell_out("schema", "database_schema")
}

pub(crate) fn resources(
    settings: &SourceSettings,
    database_schema: Option<String>,
    _: OnBadRow,
    _: &Arc<dyn Random>,
) -> Result<Vec<Resource>, ConfigError> {
    let section = &settings.section;
    let source = SqlSource::read(&settings.name, &section.only(KEYS), database_schema)?;
    let mut listed = Vec::new();
    for resource in &settings.resources {
        let (hints, rest) = split_hints(&resource.section)?;
        let keys: ResourceKeys = rest.parse()?;
        listed.push((resource.name.clone(), hints, keys));
    }
    let made = source.resources(listed).map_err(|error| section.invalid("credentials", error.to_string()))?;
    let resources = made.into_iter();
    Ok(resources.map(|made| Resource::new(made.name, made.hints, Box::new(made.reader))).collect())
}
