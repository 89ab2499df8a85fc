//! Types, tables, columns, hints, naming and the version hash of a schema.
//!
//! A [`Schema`] says which tables a source has and how they look. It is the document that dlt stores, with
//! the same [version hash](Schema::compute_hash), so that a dataset can go from one program to the other.
//! This crate also owns [naming conventions](Naming) and what resources declare ([`hints::ResourceHints`]). Single values
//! are those of `cartage-values`, whose types are those of columns.
//!
//! Values in, values out: nothing here reads a file, a clock or the environment.
//!
//! ```
//! use cartage_schema::{DataType, NamingKind, Schema};
//! # fn main() -> Result<(), cartage_schema::SchemaError> {
//! let mut schema = Schema::new("shop", NamingKind::SnakeCase)?;
//! let inference = schema.inference(0.0)?;
//! let id = inference.new_column("_dlt_id", DataType::Text);
//! assert_eq!(id.row_key, Some(true));
//! schema.bump();
//! assert_eq!(schema.version, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Limitations
//! - Naming conventions and normalizers are those built into dlt but `s3_tables`; Python modules cannot be
//!   loaded.
//! - Patterns (`re:`) have the syntax of the `regex` crate: no look-around, no back references.

mod admission;
mod column;
mod compare;
mod contract;
mod digest;
mod discards;
mod document;
mod error;
mod formats;
mod hash;
pub mod hints;
mod infer;
mod merge;
mod migrate;
mod naming;
mod nesting;
mod pattern;
mod record;
mod rename;
mod row_ids;
mod schema;
mod settings;
mod system_tables;
mod table;
mod table_names;
mod verify;
mod widen;
mod words;

// Columns have these types and schemas these rules, so users that need only a schema find them here.
pub use cartage_values::{DataType, Detection, UnknownWord};

pub use admission::{ContractCheck, ContractViolation};
pub use column::{Column, CompoundHint};
pub use compare::SchemaChange;
pub use contract::{ContractError, ContractModes};
pub use digest::{content_hash, row_hash_id};
pub use discards::{DiscardReason, Discarded, Discards};
pub use error::SchemaError;
pub use formats::{Cardinality, Reference, SchemaFormat, SchemaTextOptions};
pub use infer::Inference;
pub use merge::{MergeOrigin, TableDiff};
pub use naming::{EMPTY_KEY, Naming, NamingKind, UnknownNaming};
pub use nesting::Nesting;
pub use pattern::{Pattern, PatternError};
pub use row_ids::{ROW_ID_CHARS, RowIdKind, position_id, row_id_of, table_seed};
pub use schema::{Schema, normalize_schema_name};
pub use settings::{DEFAULT_MAX_NESTING, InferenceSettings, JsonNormalizer, Normalizers};
pub use table::{RowFilters, Table, TableReference};
pub use verify::IdentifierLimits;
pub use widen::{ColumnType, DecimalDefaults, NotWider};
pub use words::{
    ContractEntity, ContractMode, DefaultHint, MergeStrategy, ReplaceStrategy, SortOrder, WriteDisposition,
};
