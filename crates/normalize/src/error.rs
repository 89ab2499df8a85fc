//! What can go wrong while normalizing, and what makes a row a bad one.

use std::fmt;
use std::sync::Arc;

use cartage_data_files::blocks::BlockError;
use cartage_data_files::parquet::ParquetError;
use cartage_data_files::text::TextError;
use cartage_package_store::FileEntry;
use cartage_runtime::Panicked;
use cartage_runtime::threads::NoThread;
use cartage_schema::{DataType, SchemaError};
use thiserror::Error;

use crate::broken::{FrozenChange, RowContractError};
use crate::input_place::{input_of, place_of};
use crate::shape::{Shapes, TableId};
use crate::slots::SlotId;

/// A package could not be normalized. It stays in `extracted/`, and the stage can be run again; whether that can end in
/// another way, [`NormalizeError::is_of_the_source`] says.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NormalizeError {
    /// A row cannot be stored.
    #[error(transparent)]
    BadRow(Box<BadRow>),
    /// A contract has frozen what the data would change. The package waits for another contract.
    #[error(transparent)]
    Contract(Box<RowContractError>),
    /// A column that must not be null never had a value that would give it a type.
    #[error(
        "column `{column}` of table `{table}` must not be null, but no row has a value for it, so that it has \
         no type; give it a `data_type`, or check that the name of the column is that of a field"
    )]
    UnboundColumn {
        /// Name of the table, as in the schema.
        table: String,
        /// Name of the column, as in the schema.
        column: String,
    },
    /// A column that must not be null has nulls, which no destination would refuse later.
    #[error(
        "column `{column}` of table `{table}` must not be null, but some rows have no value for it; correct the \
         source, or take `nullable = false` from the column"
    )]
    Nulls {
        /// Name of the table, as in the schema.
        table: String,
        /// Name of the column, as in the schema.
        column: String,
    },
    /// A job file has a format that cannot be normalized.
    #[error("job file {file} has format `{format}`, which cannot be normalized; extract as jsonl or parquet")]
    Format {
        /// The job file.
        file: String,
        /// Format that the manifest names.
        format: String,
    },
    /// A Parquet file of a source cannot be read.
    #[error("{input} for table `{table}` {} (in the package it is {file})", error.reason())]
    Input {
        /// The file of the source.
        input: String,
        /// Name of the table, as in the schema.
        table: String,
        /// The job file.
        file: String,
        /// What is wrong with it.
        error: Box<ParquetError>,
    },
    /// The work on some rows panicked.
    #[error(
        "cannot normalize {input} for table `{table}`: Cartage failed with an internal error ({panic}); correct or leave \
         out the file, and please report this"
    )]
    Panicked {
        /// The file of the source, as far as it is known; else the job file.
        input: String,
        /// Name of the table, as in the schema.
        table: String,
        /// What the panic said.
        panic: Panicked,
    },
    /// A column of a Parquet file does not fit the column of its table.
    #[error(
        "cannot convert column `{column}` of {file} for table `{table}`; correct the source, or give the column \
         the type that the file has"
    )]
    Conversion {
        /// The file of the source.
        file: String,
        /// Name of the table, as in the schema.
        table: String,
        /// Name of the column, as in the schema.
        column: String,
        /// What does not fit.
        source: Box<arrow::error::ArrowError>,
    },
    /// A column of a Parquet file or an Arrow batch cannot be taken at all.
    #[error("cannot load {file} into table `{table}`: {reason}")]
    Columnar {
        /// The file as people know it.
        file: String,
        /// Name of the table, as in the schema.
        table: String,
        /// What is wrong with which columns, and what to do.
        reason: String,
    },
    /// The schema of the package does not fit that of the pipeline.
    #[error("cannot use the schema of package {load_id}")]
    Schema {
        /// Load id of the package.
        load_id: String,
        /// What is wrong.
        source: Box<SchemaError>,
    },
    /// A table or column cannot be merged into the schema.
    #[error(transparent)]
    Merge(Box<SchemaError>),
    /// The package store refused.
    #[error(transparent)]
    Store(Box<cartage_package_store::Error>),
    /// A name cannot be that of a file.
    #[error(transparent)]
    FileName(#[from] cartage_package_store::InvalidName),
    /// An extracted file is damaged.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// A Parquet file cannot be read or written.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    /// A file of lines cannot be written.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The file of quarantined rows cannot be written.
    #[error("cannot write {}", path.display())]
    Quarantine {
        /// Path of the file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no thread for the work.
    #[error("cannot begin to normalize")]
    Thread(#[from] NoThread),
    /// The run was cancelled. Nothing was published.
    #[error("normalize was stopped before it finished; its package is unchanged, run again to continue")]
    Cancelled,
}

impl NormalizeError {
    /// Whether the data of the source is to blame, so that nothing but other data lets the package continue.
    pub fn is_of_the_source(&self) -> bool {
        match self {
            Self::Input { .. } | Self::Panicked { .. } | Self::Conversion { .. } | Self::Columnar { .. } => {
                true
            }
            Self::Parquet(error) => {
                error.is_of_the_file() || matches!(error, ParquetError::EncodePanicked(_))
            }
            _ => false,
        }
    }

    /// The same with the file of the source in it, where it is about reading the job file.
    pub(crate) fn about(self, entry: &FileEntry, table: &str) -> Self {
        match self {
            Self::Parquet(error) if error.is_of_the_file() => Self::Input {
                input: input_of(entry),
                table: table.to_owned(),
                file: entry.name.to_string(),
                error: Box::new(error),
            },
            other => other,
        }
    }
}

impl From<SchemaError> for NormalizeError {
    fn from(error: SchemaError) -> Self {
        Self::Merge(Box::new(error))
    }
}

impl From<cartage_package_store::Error> for NormalizeError {
    fn from(error: cartage_package_store::Error) -> Self {
        Self::Store(Box::new(error))
    }
}

/// A row that cannot be stored, and where it comes from.
#[derive(Clone, Debug)]
pub struct BadRow {
    /// The table the row was meant for.
    pub table: String,
    /// The extracted file.
    pub file: String,
    /// Its number in that file, from 1.
    pub row: u64,
    /// File and line of the source, where it has such.
    pub source: Option<(String, u64)>,
    /// What is wrong.
    pub reason: BadValue,
    /// The beginning of the row.
    pub excerpt: String,
}

/// What is wrong with a value or a whole row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadValue {
    /// The row is not JSON, or not UTF-8.
    NotJson {
        /// What the parser said.
        detail: String,
    },
    /// Objects and lists are nested too deeply.
    TooDeep {
        /// How many levels are allowed.
        limit: usize,
    },
    /// A null where none may be.
    Null {
        /// Name of the table, as in the schema.
        table: Arc<str>,
        /// Name of the column, as in the schema.
        column: Arc<str>,
    },
    /// A value fits neither its column nor a variant of it.
    NotCoercible {
        /// Name of the table, as in the schema.
        table: Arc<str>,
        /// Name of the column, as in the schema.
        column: Arc<str>,
        /// Type of the value.
        from: DataType,
        /// Type of the column.
        to: DataType,
    },
    /// A value is too large for its column.
    DoesNotFit {
        /// Name of the table, as in the schema.
        table: Arc<str>,
        /// Name of the column, as in the schema.
        column: Arc<str>,
        /// Why the value has no place, as text for people.
        detail: String,
    },
    /// A key has no letters that the naming convention keeps.
    Nameless {
        /// Name of the table, as in the schema.
        table: Arc<str>,
    },
    /// A contract has frozen what the row would change.
    Frozen(Box<FrozenChange>),
    /// The row has no value for a column of its key.
    MissingKey {
        /// Name of the table, as in the schema.
        table: Arc<str>,
        /// Name of the column, as in the schema.
        column: Arc<str>,
    },
    /// Two keys of an object become one column, or the rows of two lists one table, and `name_collisions` is `fail`.
    SharedName {
        /// Name of the table, as in the schema.
        table: Arc<str>,
        /// The column; `None` for lists.
        column: Option<Arc<str>>,
        /// The keys as they came.
        keys: Box<[String; 2]>,
    },
}

impl BadValue {
    fn names(shapes: &Shapes, table: TableId, slot: SlotId) -> (Arc<str>, Arc<str>) {
        let shape = &shapes.tables[table];
        (Arc::clone(&shape.name), Arc::clone(&shape.slots[slot as usize].name))
    }

    pub(crate) fn null(shapes: &Shapes, table: TableId, slot: SlotId) -> Self {
        let (table, column) = Self::names(shapes, table, slot);
        Self::Null { table, column }
    }

    pub(crate) fn not_coercible(
        shapes: &Shapes,
        table: TableId,
        slot: SlotId,
        from: DataType,
        to: DataType,
    ) -> Self {
        let (table, column) = Self::names(shapes, table, slot);
        Self::NotCoercible { table, column, from, to }
    }

    pub(crate) fn does_not_fit(shapes: &Shapes, table: TableId, slot: SlotId, detail: &str) -> Self {
        let (table, column) = Self::names(shapes, table, slot);
        Self::DoesNotFit { table, column, detail: detail.to_owned() }
    }

    pub(crate) fn nameless(shapes: &Shapes, table: TableId) -> Self {
        Self::Nameless { table: Arc::clone(&shapes.tables[table].name) }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotJson { .. } | Self::TooDeep { .. } => {
                "correct the source, or set `on_bad_row = \"quarantine\"` on it to keep such rows apart"
            }
            Self::Null { .. } => "correct the source, or take `nullable = false` from the column",
            Self::NotCoercible { .. } => "correct the source, or give the variant column the type text",
            Self::DoesNotFit { .. } => {
                "correct the source, or give a new column a larger precision or the type text; a column that already \
                 exists keeps its type: widen it with `cartage schema widen TABLE COLUMN TYPE`, or where the destination \
                 cannot, recreate its table with `--refresh drop_resources`"
            }
            Self::Nameless { .. } => "rename the key in the source, or use the naming convention `direct`",
            Self::Frozen(_) => "set another contract",
            Self::MissingKey { .. } => "correct the source, or choose a primary key that every row has",
            Self::SharedName { .. } => {
                "rename one of them in the source, use the naming convention `direct`, or set `name_collisions = \"share\"` \
                 on the source, so that the later value counts"
            }
        }
    }
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { detail } => write!(f, "it is not valid JSON: {detail}"),
            Self::TooDeep { limit } => {
                write!(f, "its objects and lists are nested more than {limit} levels deep")
            }
            Self::Null { table, column } => {
                write!(f, "column `{column}` of table `{table}` is null or absent, but must not be")
            }
            Self::NotCoercible { table, column, from, to } => {
                write!(
                    f,
                    "column `{column}` of table `{table}` is {to}, and the {from} value cannot become that"
                )
            }
            Self::DoesNotFit { table, column, detail } => {
                write!(f, "column `{column}` of table `{table}` cannot hold the value: {detail}")
            }
            Self::Nameless { table } => {
                write!(f, "a key of table `{table}` has no character that the naming convention keeps")
            }
            Self::Frozen(frozen) => frozen.fmt(f),
            Self::MissingKey { table, column } => {
                write!(f, "column `{column}` of the primary key of table `{table}` is missing")
            }
            Self::SharedName { table, column, keys } => {
                let [first, second] = &**keys;
                match column {
                    Some(column) => write!(
                        f,
                        "its keys `{first}` and `{second}` both become column `{column}` of table `{table}`"
                    ),
                    None => write!(f, "its keys `{first}` and `{second}` both become table `{table}`"),
                }
            }
        }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, file, row, source, reason, excerpt } = self;
        let place = place_of(source.as_ref(), file, *row);
        write!(f, "cannot use {place} for table `{table}`: {reason}; {}; ", reason.remedy())?;
        write!(f, "the row begins {excerpt}")
    }
}

impl std::error::Error for BadRow {}
