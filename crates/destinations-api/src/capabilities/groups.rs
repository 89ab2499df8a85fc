//! The groups of [`Capabilities`](super::Capabilities). The default of each is what most SQL databases have in common.

use cartage_schema::{MergeStrategy, NamingKind, ReplaceStrategy};
use serde::{Serialize, Serializer};

use super::{IdentifierCase, Parallelism};
use crate::files::{FileFormat, PageCompression};

/// Names of tables and columns. Lengths are in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Names {
    /// Naming convention that the destination asks for; `None` leaves it to the pipeline.
    #[serde(serialize_with = "naming_name")]
    pub naming: Option<NamingKind>,
    /// Longest name of a table.
    pub max_identifier_length: usize,
    /// Longest name of a column.
    pub max_column_identifier_length: usize,
    /// Whether case alone tells names apart.
    pub identifier_case: IdentifierCase,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            naming: None,
            max_identifier_length: 65_536,
            max_column_identifier_length: 65_536,
            identifier_case: IdentifierCase::Sensitive,
        }
    }
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference to the field"
)]
fn naming_name<S: Serializer>(naming: &Option<NamingKind>, serializer: S) -> Result<S::Ok, S::Error> {
    naming.map(NamingKind::as_str).serialize(serializer)
}

/// What a destination takes as job files: formats, sizes, compression of pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Files {
    /// The format that normalize writes where nothing else is asked for.
    pub preferred_format: FileFormat,
    /// All formats that can be loaded, the preferred one among them.
    pub supported_formats: Vec<FileFormat>,
    /// Formats that can be loaded from a staging place in front of the destination; none where there can be none.
    pub staging_formats: Vec<FileFormat>,
    /// Beginnings of the URLs, such as `s3`, from which the engine reads staged files by itself. From a place with
    /// another one it is handed local files.
    pub staging_schemes: Vec<String>,
    /// Compression of the pages of Parquet files: `none` where the files are read once and thrown away.
    pub parquet_compression: PageCompression,
    /// Size in bytes at which normalize should rotate; `None` leaves it to the settings.
    pub recommended_file_size: Option<u64>,
    /// Whether job files are what readers see: Parquet and CSV then have all columns of their table, and no nulls
    /// where none may be.
    pub files_are_tables: bool,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            preferred_format: FileFormat::Parquet,
            supported_formats: vec![FileFormat::Parquet],
            staging_formats: Vec::new(),
            staging_schemes: Vec::new(),
            parquet_compression: PageCompression::None,
            recommended_file_size: None,
            files_are_tables: false,
        }
    }
}

/// Types and values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Values {
    /// Precision and scale of a `decimal` without hints.
    pub decimal_precision: (u32, u32),
    /// Precision and scale of a `wei`.
    pub wei_precision: (u32, u32),
    /// Whether decimals of more than 38 digits are written as text, which the destination parses. Where
    /// they are not, files have 38 digits.
    pub wide_decimals_as_text: bool,
    /// Fraction digits of a timestamp without hint.
    pub timestamp_precision: u32,
    /// Most fraction digits of a timestamp.
    pub max_timestamp_precision: u32,
    /// Whether there are timestamps without time zone.
    pub naive_timestamps: bool,
    /// Longest text value in bytes, where there is a limit.
    pub max_text_length: Option<usize>,
    /// First and last year of dates and timestamps; others are refused.
    pub years: (u16, u16),
}

impl Default for Values {
    fn default() -> Self {
        Self {
            decimal_precision: (38, 9),
            wei_precision: (38, 0),
            wide_decimals_as_text: false,
            timestamp_precision: 6,
            max_timestamp_precision: 6,
            naive_timestamps: true,
            max_text_length: None,
            years: (1, 9999),
        }
    }
}

/// Tables and what may happen to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tables {
    /// Nesting level that is kept as child tables at most; `None` means no limit.
    pub max_table_nesting: Option<u32>,
    /// Whether the type of a column that already exists can be changed to a wider one.
    pub widens_columns: bool,
    /// Whether unique constraints are created unless the settings say otherwise.
    pub create_indexes: bool,
}

/// How tables are merged and replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Strategies {
    /// Ways to merge, the default first; empty where merging is not offered.
    #[serde(rename = "merge_strategies")]
    pub merge: Vec<MergeStrategy>,
    /// Ways to replace, the default first.
    #[serde(rename = "replace_strategies")]
    pub replace: Vec<ReplaceStrategy>,
    /// The way to replace that the settings ask for; it may be one that is not offered.
    #[serde(rename = "asked_replace_strategy")]
    pub asked_replace: Option<ReplaceStrategy>,
}

impl Default for Strategies {
    fn default() -> Self {
        Self {
            merge: Vec::new(),
            replace: vec![ReplaceStrategy::TruncateAndInsert, ReplaceStrategy::InsertFromStaging],
            asked_replace: None,
        }
    }
}

/// Jobs that run at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Jobs {
    /// Most jobs at a time; `None` leaves it to the settings.
    pub max_parallel_load_jobs: Option<usize>,
    /// Default of `load.parallelism_strategy`.
    pub parallelism: Parallelism,
}

/// What is promised about rows; the conformance suite holds a destination to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Guarantees {
    /// Whether rows and ledger entry can be written in one transaction.
    pub transactions: bool,
    /// Whether what was done is remembered, so that doing it again changes nothing.
    pub exactly_once: bool,
    /// Whether rows with nulls in columns that must not have any are refused.
    pub enforces_not_null: bool,
}

impl Default for Guarantees {
    fn default() -> Self {
        Self { transactions: true, exactly_once: true, enforces_not_null: true }
    }
}
