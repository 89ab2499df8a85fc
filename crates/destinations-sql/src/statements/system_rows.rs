//! Rows of dlt's system tables.

use cartage_schema::Schema;

use super::dialect::{Dialect, TableRef};
use cartage_destinations_api::LoadKey;
use cartage_destinations_api::system::{LOADS_TABLE, STATE_TABLE, VERSION_TABLE, encode_schema};
use cartage_destinations_api::{Error, Result};
use cartage_destinations_api::{Param, Statement};

/// Stores a schema, unless this version is stored already.
///
/// # Errors
/// Corrupt if the schema has no version hash.
pub fn store_version(
    dialect: &dyn Dialect,
    dataset: &str,
    schema: &Schema,
    document: &str,
    max_text_length: Option<usize>,
    now_micros: i64,
) -> Result<Statement> {
    let hash = schema.version_hash.as_deref().ok_or_else(|| {
        Error::corrupt(format!("schema {} of the package has no version_hash", schema.name))
    })?;
    let table = dialect.qualified(&TableRef::new(dataset, VERSION_TABLE));
    let columns = dialect.column_list(&[
        "version",
        "engine_version",
        "inserted_at",
        "schema_name",
        "version_hash",
        "schema",
    ]);
    Ok(Statement::new(
        format!("store version {} of schema {} unless it is there", schema.version, schema.name),
        format!(
            "INSERT INTO {table} ({columns}) SELECT {}{} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {} = {} AND {} = {})",
            dialect.placeholders(6),
            dialect.source_of_one_row(),
            dialect.quote("version_hash"),
            dialect.placeholder(7),
            dialect.quote("schema_name"),
            dialect.placeholder(8),
        ),
    )
    .with_params(vec![
        Param::Int(schema.version as i64),
        Param::Int(i64::from(schema.engine_version)),
        Param::Timestamp(now_micros),
        schema.name.as_str().into(),
        hash.into(),
        Param::Text(encode_schema(document, max_text_length)),
        hash.into(),
        schema.name.as_str().into(),
    ]))
}

/// Forgets all stored versions of a schema.
pub(crate) fn forget_versions(dialect: &dyn Dialect, dataset: &str, schema_name: &str) -> Statement {
    Statement::new(
        format!("forget the stored versions of schema {schema_name}"),
        format!(
            "DELETE FROM {} WHERE {} = {}",
            dialect.qualified(&TableRef::new(dataset, VERSION_TABLE)),
            dialect.quote("schema_name"),
            dialect.placeholder(1)
        ),
    )
    .with_params(vec![schema_name.into()])
}

/// Records a load as complete, unless it is recorded already.
pub(crate) fn record_load(
    dialect: &dyn Dialect,
    dataset: &str,
    load: &LoadKey,
    schema: &Schema,
    now_micros: i64,
) -> Statement {
    let table = dialect.qualified(&TableRef::new(dataset, LOADS_TABLE));
    let columns =
        dialect.column_list(&["load_id", "schema_name", "status", "inserted_at", "schema_version_hash"]);
    Statement::new(
        format!("record load {} as complete", load.load_id),
        format!(
            "INSERT INTO {table} ({columns}) SELECT {}{} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {} = {} AND {} = {})",
            dialect.placeholders(5),
            dialect.source_of_one_row(),
            dialect.quote("load_id"),
            dialect.placeholder(6),
            dialect.quote("schema_name"),
            dialect.placeholder(7),
        ),
    )
    .with_params(vec![
        load.load_id.as_str().into(),
        schema.name.as_str().into(),
        Param::Int(0),
        Param::Timestamp(now_micros),
        schema.version_hash.as_deref().into(),
        load.load_id.as_str().into(),
        schema.name.as_str().into(),
    ])
}

/// Asks whether a load is recorded as complete; a row if it is.
pub(crate) fn completed_load(dialect: &dyn Dialect, dataset: &str, load: &LoadKey) -> Statement {
    Statement::new(
        "whether this load is recorded",
        format!(
            "SELECT 1 FROM {} WHERE {} = {} AND {} = {} AND {} = 0",
            dialect.qualified(&TableRef::new(dataset, LOADS_TABLE)),
            dialect.quote("load_id"),
            dialect.placeholder(1),
            dialect.quote("schema_name"),
            dialect.placeholder(2),
            dialect.quote("status")
        ),
    )
    .with_params(vec![load.load_id.as_str().into(), load.schema.as_str().into()])
}

/// Asks for the newest state of a pipeline among complete loads: version, version hash, state, load id.
pub fn newest_state(dialect: &dyn Dialect, dataset: &str, pipeline: &str) -> Statement {
    let state = dialect.qualified(&TableRef::new(dataset, STATE_TABLE));
    let loads = dialect.qualified(&TableRef::new(dataset, LOADS_TABLE));
    let name = |name: &str| dialect.quote(name);
    Statement::new(
        format!("the newest state of pipeline {pipeline}"),
        format!(
            "SELECT s.{}, s.{}, s.{}, s.{load_id} FROM {state} AS s JOIN {loads} AS l ON l.{} = s.{load_id} \
             WHERE s.{} = {} AND l.{} = 0 ORDER BY l.{} DESC, s.{} DESC LIMIT 1",
            name("version"),
            name("version_hash"),
            name("state"),
            name("load_id"),
            name("pipeline_name"),
            dialect.placeholder(1),
            name("status"),
            name("load_id"),
            name("version"),
            load_id = name("_dlt_load_id"),
        ),
    )
    .with_params(vec![pipeline.into()])
}

/// Which stored schema is asked for.
#[derive(Clone, Copy, Debug)]
pub enum WhichSchema<'a> {
    /// The newest of this name.
    Newest(&'a str),
    /// The one with this hash.
    Hash(&'a str),
}

/// Asks for a stored schema: name, version, version hash, document.
pub fn stored_schema(dialect: &dyn Dialect, dataset: &str, which: WhichSchema<'_>) -> Statement {
    let (column, value) = match which {
        WhichSchema::Newest(name) => ("schema_name", name),
        WhichSchema::Hash(hash) => ("version_hash", hash),
    };
    Statement::new(
        format!("the newest stored schema with {column} {value}"),
        format!(
            "SELECT {} FROM {} WHERE {} = {} ORDER BY {} DESC, {} DESC LIMIT 1",
            dialect.column_list(&["schema_name", "version", "version_hash", "schema"]),
            dialect.qualified(&TableRef::new(dataset, VERSION_TABLE)),
            dialect.quote(column),
            dialect.placeholder(1),
            dialect.quote("inserted_at"),
            dialect.quote("version"),
        ),
    )
    .with_params(vec![value.into()])
}
