//! What can be wrong with a schema.

use cartage_values::UnknownWord;

use crate::contract::ContractError;
use crate::naming::UnknownNaming;
use crate::pattern::PatternError;

/// A schema that cannot be read, changed or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A text from which no schema can be read.
    #[error("cannot read a schema from {format}: {reason}")]
    Text {
        /// How the text should be written, such as JSON.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The name of a schema is not an identifier or too long.
    #[error(
        "schema name `{0}` must be letters, digits and `_`, not start with a digit and have at most 64 characters"
    )]
    InvalidName(String),
    /// The document is not JSON.
    #[error("schema document is not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The document does not follow the form of schemas.
    #[error("schema document is not valid: {path}: {reason}")]
    Invalid {
        /// Where in the document, as in "table `orders`".
        path: String,
        /// What is wrong there.
        reason: String,
    },
    /// The document was written by a newer engine.
    #[error(
        "schema `{schema}` has engine version {found}, this program supports up to {known}; use a newer version of it"
    )]
    NewerEngine {
        /// Name of the schema.
        schema: String,
        /// Engine version of the document.
        found: u64,
        /// Newest engine version that can be read.
        known: u32,
    },
    /// A nested table names a parent that does not exist.
    #[error(
        "table `{table}` of schema `{schema}` has the parent `{parent}`, which does not exist; declare it too"
    )]
    ParentNotFound {
        /// Name of the schema.
        schema: String,
        /// The nested table.
        table: String,
        /// The missing parent.
        parent: String,
    },
    /// Two tables of one name contradict each other.
    #[error(
        "table `{table}` of schema `{schema}` has {property} `{existing}`, which cannot become `{incoming}`"
    )]
    TableConflict {
        /// Name of the schema.
        schema: String,
        /// Name of the table.
        table: String,
        /// The hint of which there are two values.
        property: &'static str,
        /// In the schema.
        existing: String,
        /// In the table that should be merged.
        incoming: String,
    },
    /// No table has this name.
    #[error("schema `{schema}` has no table `{table}`")]
    TableNotFound {
        /// Name of the schema.
        schema: String,
        /// The missing table.
        table: String,
    },
    /// Dropping tables would leave tables without parent.
    #[error(
        "dropping these tables of schema `{schema}` would leave {orphans} without a parent; drop them too"
    )]
    Orphans {
        /// Name of the schema.
        schema: String,
        /// Nested tables that would remain.
        orphans: String,
    },
    /// The naming convention cannot change, because tables have data.
    #[error(
        "the naming convention of schema `{schema}` cannot change from {from} to {to}: {reason}; keep the \
         convention, drop the data, or set `allow_identifier_change_on_table_with_data`"
    )]
    TableIdentifiersFrozen {
        /// Name of the schema.
        schema: String,
        /// The convention of the schema.
        from: String,
        /// The convention that was asked for.
        to: String,
        /// Which names would change.
        reason: String,
    },
    /// Two names are the same for the destination.
    #[error(
        "{what} `{first}` and `{second}` of schema `{schema}` are one name for this destination, which does \
         not distinguish upper and lower case; rename one of them or use a case-insensitive naming convention"
    )]
    IdentifierCollision {
        /// Name of the schema.
        schema: String,
        /// "tables", or "columns of table `orders`".
        what: String,
        /// The first of the two.
        first: String,
        /// The second one.
        second: String,
    },
    /// A name is longer than the destination allows.
    #[error(
        "{what} `{name}` of schema `{schema}` has {length} characters, but this destination takes at most \
         {limit}; set `max_identifier_length` so that names are shortened"
    )]
    IdentifierTooLong {
        /// Name of the schema.
        schema: String,
        /// "table", or "column of table `orders`".
        what: String,
        /// The name as the naming convention spells it.
        name: String,
        /// Length of the name in characters.
        length: usize,
        /// Characters that the destination takes.
        limit: usize,
    },
    /// A pattern of the settings cannot be used.
    #[error("settings of schema `{schema}`: {source}")]
    Pattern {
        /// Name of the schema.
        schema: String,
        /// What is wrong with it.
        source: PatternError,
    },
    /// A contract cannot be read.
    #[error("schema contract: {0}")]
    Contract(#[from] ContractError),
    /// The naming convention is not built in.
    #[error(transparent)]
    Naming(#[from] UnknownNaming),
    /// A word is not part of its vocabulary.
    #[error(transparent)]
    Word(#[from] UnknownWord),
}
