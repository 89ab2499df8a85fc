//! What the destination can take, as far as extract and normalize must know it.

use cartage_runtime::FileFormat;
use serde::{Deserialize, Serialize};

/// What the destination can take. The default is one of which nothing is known.
///
/// Every key is written, also where nothing is known (null); a key that is absent says no more than that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DestinationTraits {
    /// The naming convention that the settings or the destination ask for, as they spell it: `snake_case` and so on.
    /// Informational: the convention that counts is in `schema.json`.
    pub naming: Option<String>,
    /// Most characters of the name of a table; no limit where absent.
    pub max_identifier_length: Option<usize>,
    /// Most characters of the name of a column; no limit where absent.
    pub max_column_identifier_length: Option<usize>,
    /// Digits, and digits after the point among them, of a `decimal` without hints; normalize decides where
    /// absent.
    pub decimal_precision: Option<(u32, u32)>,
    /// Digits, and digits after the point among them, of a `wei` without hints; normalize decides where absent.
    pub wei_precision: Option<(u32, u32)>,
    /// Whether decimals with more digits than a file can hold are written as text, which the destination parses;
    /// otherwise they are limited to what a file can hold.
    pub wide_decimals_as_text: bool,
    /// Digits of the fraction of a second in a `timestamp` without hints; normalize decides where absent.
    pub timestamp_precision: Option<u32>,
    /// Most digits of the fraction of a second in a `timestamp`; no limit but that of the files where absent.
    pub max_timestamp_precision: Option<u32>,
    /// Whether there are timestamps without a time zone. Where there are none, all are in UTC.
    pub supports_naive_datetime: bool,
    /// Levels of lists and objects that become tables of their own at most, whatever the schema says; no limit
    /// beside that of the schema where absent.
    pub max_table_nesting: Option<u32>,
    /// The format of job files that it should get; normalize decides where absent.
    pub preferred_file_format: Option<FileFormat>,
    /// Whether readers see the job files themselves, which then have all columns of their table.
    pub files_are_tables: bool,
    /// How tables are replaced where their resource says nothing; not known where absent.
    pub replace_strategy: Option<ReplaceStrategy>,
    /// How it can merge, the default first. Empty: it appends what should be merged. Not known where absent.
    pub merge_strategies: Option<Vec<MergeStrategy>>,
}

impl Default for DestinationTraits {
    fn default() -> Self {
        Self {
            naming: None,
            max_identifier_length: None,
            max_column_identifier_length: None,
            decimal_precision: None,
            wei_precision: None,
            wide_decimals_as_text: false,
            timestamp_precision: None,
            max_timestamp_precision: None,
            supports_naive_datetime: true,
            max_table_nesting: None,
            preferred_file_format: None,
            files_are_tables: false,
            replace_strategy: None,
            merge_strategies: None,
        }
    }
}

impl DestinationTraits {
    /// Whether it is known that the destination appends what should be merged.
    pub fn appends_merges(&self) -> bool {
        self.merge_strategies.as_ref().is_some_and(Vec::is_empty)
    }

    /// Most characters of any name: the smaller one of the two limits, because names of tables and columns are
    /// normalized alike.
    pub fn max_name_length(&self) -> Option<usize> {
        [self.max_identifier_length, self.max_column_identifier_length].into_iter().flatten().min()
    }
}

/// How a replace exchanges the content of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplaceStrategy {
    /// Empties the table, then appends.
    TruncateAndInsert,
    /// Loads beside the table and copies in one transaction.
    InsertFromStaging,
    /// Loads beside the table and exchanges the two.
    StagingOptimized,
}

/// How a merge combines rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MergeStrategy {
    /// Deletes the rows with equal keys, then inserts.
    DeleteInsert,
    /// Keeps the history of rows.
    Scd2,
    /// Updates or inserts by primary key.
    Upsert,
    /// Inserts rows with new primary keys only.
    InsertOnly,
    /// Updates, inserts and deletes as a log of changes says.
    Cdc,
}
