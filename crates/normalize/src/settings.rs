//! What shapes the output: capabilities of the destination and settings of the package.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

/// What normalize must know of the destination. It stands under `destination` in the settings of an
/// extracted package; what is absent has DuckDB's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "independent traits, read by name")]
pub struct DestinationTraits {
    /// Naming convention that the destination prefers, where the pipeline sets none.
    pub naming: Option<String>,
    /// Characters of a table name.
    pub max_identifier_length: Option<usize>,
    /// Characters of a column name.
    pub max_column_identifier_length: Option<usize>,
    /// Digits and fraction digits of a decimal without hints.
    pub decimal_precision: (u32, u32),
    /// Digits and fraction digits of a wei without hints.
    pub wei_precision: (u32, u32),
    /// Whether decimals of more than 38 digits are written as text, where files would cut them off.
    pub wide_decimals_as_text: bool,
    /// Fraction digits of a timestamp without hints.
    pub timestamp_precision: u32,
    /// Most fraction digits of a timestamp.
    pub max_timestamp_precision: u32,
    /// Whether there are timestamps with a time zone.
    pub supports_tz_aware_datetime: bool,
    /// Whether there are timestamps without a time zone.
    pub supports_naive_datetime: bool,
    /// Levels of lists and objects that are unpacked, where the destination limits them.
    pub max_table_nesting: Option<u32>,
    /// The format that loads best.
    pub preferred_file_format: Option<String>,
    /// Whether readers see the files themselves, which then have all columns of their table.
    pub files_are_tables: bool,
    /// How the destination can merge, where it is known.
    pub merge_strategies: Option<Vec<String>>,
}

impl Default for DestinationTraits {
    fn default() -> Self {
        Self {
            naming: None,
            max_identifier_length: Some(65_536),
            max_column_identifier_length: Some(65_536),
            decimal_precision: (38, 9),
            wei_precision: (38, 0),
            wide_decimals_as_text: false,
            timestamp_precision: 6,
            max_timestamp_precision: 9,
            supports_tz_aware_datetime: true,
            supports_naive_datetime: true,
            max_table_nesting: None,
            preferred_file_format: Some("parquet".to_owned()),
            files_are_tables: false,
            merge_strategies: None,
        }
    }
}

impl DestinationTraits {
    /// Whether the destination appends what it is told to merge.
    pub fn appends_merges(&self) -> bool {
        self.merge_strategies.as_ref().is_some_and(Vec::is_empty)
    }

    /// The limit of names, which is the smaller one of the two limits.
    pub fn max_name_length(&self) -> Option<usize> {
        match (self.max_identifier_length, self.max_column_identifier_length) {
            (Some(table), Some(column)) => Some(table.min(column)),
            (table, column) => table.or(column),
        }
    }
}

/// What happens to a row that cannot be normalized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRow {
    /// The stage stops with an error that names the row.
    #[default]
    Fail,
    /// The row goes to a file of the package, with the reason.
    Quarantine,
}

/// What happens where two keys of an object become one column or table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameCollisions {
    /// The later value counts, and the report names both keys.
    #[default]
    Share,
    /// The row is a bad row.
    Fail,
}

/// When the job files of a table are closed and others begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataWriterSettings {
    /// Rows of a file.
    pub file_max_items: Option<u64>,
    /// Bytes of a file.
    pub file_max_bytes: Option<u64>,
    /// Compression of Parquet pages: `none`, `snappy`, `lz4` or `zstd`.
    pub compression: String,
    /// Whether lines of text are written plainly instead of packed with gzip.
    pub disable_compression: bool,
}

impl Default for DataWriterSettings {
    fn default() -> Self {
        Self {
            file_max_items: None,
            file_max_bytes: Some(256 << 20),
            compression: "none".to_owned(),
            disable_compression: false,
        }
    }
}

/// A column that the package widens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidenedColumn {
    /// Its table.
    pub table: String,
    /// Its name.
    pub column: String,
}

/// Settings that travel inside the extracted package, because they shape the bytes of the normalized one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PackageSettings {
    /// What the destination can do.
    pub destination: DestinationTraits,
    /// What happens to bad rows.
    pub on_bad_row: OnBadRow,
    /// What happens to rows of which two keys become one column.
    pub name_collisions: NameCollisions,
    /// Root tables of which rows and values that contracts discard are kept in quarantine, with those of the
    /// tables below.
    pub quarantine: BTreeSet<String>,
    /// Levels of lists and objects in a row of JSON; deeper rows are bad rows.
    pub max_json_depth: usize,
    /// When files are rotated.
    pub data_writer: DataWriterSettings,
    /// Columns that get the type that the schema of the package has for them; others keep that of the destination.
    pub widen_columns: Vec<WidenedColumn>,
}

impl Default for PackageSettings {
    fn default() -> Self {
        Self {
            destination: DestinationTraits::default(),
            on_bad_row: OnBadRow::default(),
            name_collisions: NameCollisions::default(),
            quarantine: BTreeSet::new(),
            max_json_depth: 256,
            data_writer: DataWriterSettings::default(),
            widen_columns: Vec::new(),
        }
    }
}

impl PackageSettings {
    /// Reads the settings of a manifest. Keys of other stages are passed over.
    ///
    /// # Errors
    /// Fails if a known key has a value of the wrong type.
    pub fn from_manifest(settings: &Value) -> Result<Self, serde_json::Error> {
        if settings.is_null() { Ok(Self::default()) } else { Self::deserialize(settings) }
    }
}

/// How much memory the stage may take. The bytes of the output depend on `row_group_*` and
/// `buffer_bytes` too, so runs that are to be compared must share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalizeSettings {
    /// Rows with which a row group is written.
    pub row_group_rows: usize,
    /// Bytes in memory with which a row group is written.
    pub row_group_bytes: usize,
    /// Bytes of all tables together with which the largest row group is written.
    pub buffer_bytes: usize,
}

impl Default for NormalizeSettings {
    fn default() -> Self {
        Self { row_group_rows: 122_880, row_group_bytes: 24 << 20, buffer_bytes: 40 << 20 }
    }
}
