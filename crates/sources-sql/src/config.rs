//! Settings of the source and of its resources.

use std::num::NonZeroUsize;

use cartage_schema::DataType;
use indexmap::IndexMap;
use serde::Deserialize;

use crate::partitions_setting::Partitions;

/// Rows of a batch where the settings do not say.
const CHUNK_SIZE: NonZeroUsize = NonZeroUsize::new(50_000).expect("it is not zero");

/// Connections at once where the settings do not say.
const MAX_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4).expect("it is not zero");

/// What a source of `type = "sql_database"` says, beside its credentials and the schema.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceKeys {
    /// Tables that are resources in addition to those that are listed as such; without both, all tables of the
    /// schema.
    pub table_names: Option<Vec<String>>,
    /// Whether views are among all tables.
    pub include_views: bool,
    /// How much of what the database says about columns becomes hints.
    pub reflection_level: ReflectionLevel,
    /// Rows of a batch.
    pub chunk_size: NonZeroUsize,
    /// Whether foreign keys become references.
    pub resolve_foreign_keys: bool,
    /// Connections at once, over all tables.
    pub max_connections: NonZeroUsize,
    /// Our types of columns by their SQL types.
    pub type_overrides: IndexMap<String, DataType>,
}

impl Default for SourceKeys {
    fn default() -> Self {
        Self {
            table_names: None,
            include_views: false,
            reflection_level: ReflectionLevel::default(),
            chunk_size: CHUNK_SIZE,
            resolve_foreign_keys: false,
            max_connections: MAX_CONNECTIONS,
            type_overrides: IndexMap::new(),
        }
    }
}

/// How much of what the database says about columns becomes hints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReflectionLevel {
    /// Keys and whether there are NULLs. Types are those of the values that come.
    Minimal,
    /// Types too, with the digits of decimals.
    #[default]
    Full,
    /// Lengths of texts and bytes, and bits of small integers, too.
    FullWithPrecision,
}

/// What a resource configures in addition to its hints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceKeys {
    /// The table or view; the name of the resource where absent.
    pub table: Option<String>,
    /// A query instead of a table.
    pub query: Option<String>,
    /// Reads only these columns; all where absent.
    pub included_columns: Option<Vec<String>>,
    /// All columns but these.
    pub excluded_columns: Vec<String>,
    /// Other names for columns, by those that the database has.
    pub rename_columns: IndexMap<String, String>,
    /// A condition in SQL. `$start` and `$end` stand for the bounds of the cursor.
    pub r#where: Option<String>,
    /// In how many parts it is read.
    pub partitions: Partitions,
}
