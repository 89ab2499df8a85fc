//! What each destination can do, as data that needs neither a connection nor a driver.
//!
//! `extract` and `normalize` shape names, types and files by it, `load` refuses what a destination
//! cannot do before it touches anything.

use std::fmt;
use std::str::FromStr;

use cartage_schema::{MergeStrategy, ReplaceStrategy};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files::FileFormat;
use crate::kinds;

/// Whether names that differ in case only are different names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierCase {
    /// `Name` and `name` are two columns.
    Sensitive,
    /// `Name` and `name` are one column.
    Insensitive,
}

/// Whether jobs may run beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parallelism {
    /// Any jobs beside each other.
    #[default]
    Parallel,
    /// At most one job of a table at a time.
    TableSequential,
    /// One job at a time.
    Sequential,
}

impl FromStr for Parallelism {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "parallel" => Ok(Self::Parallel),
            "table-sequential" => Ok(Self::TableSequential),
            "sequential" => Ok(Self::Sequential),
            other => Err(Error::invalid(format!("parallelism strategy '{other}' is not known"))
                .with_remedy("use one of parallel, table-sequential, sequential")),
        }
    }
}

/// What a destination can do. Lengths of names are in characters, sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is an ability of its own")]
pub struct Capabilities {
    /// Type of the destination, as in `type = "duckdb"`.
    pub destination: String,
    /// The format that normalize writes where nothing else is asked for.
    pub preferred_format: FileFormat,
    /// Compression of the pages of Parquet files: `none` where the files are read once and thrown away.
    pub parquet_compression: String,
    /// All formats that can be loaded, the preferred one among them.
    pub supported_formats: Vec<FileFormat>,
    /// Formats that can be loaded from a staging place in front of the destination; none where there can be none.
    pub staging_formats: Vec<FileFormat>,
    /// Naming convention that the destination asks for; `None` leaves it to the pipeline.
    pub naming: Option<String>,
    /// Longest name of a table.
    pub max_identifier_length: usize,
    /// Longest name of a column.
    pub max_column_identifier_length: usize,
    /// Whether case alone tells names apart.
    pub identifier_case: IdentifierCase,
    /// Precision and scale of a `decimal` without hints.
    pub decimal_precision: (u32, u32),
    /// Precision and scale of a `wei`.
    pub wei_precision: (u32, u32),
    /// Whether decimals of more than 38 digits are written as text, which the destination parses. Where
    /// they are not, files have 38 digits.
    #[serde(default)]
    pub wide_decimals_as_text: bool,
    /// Fraction digits of a timestamp without hint.
    pub timestamp_precision: u32,
    /// Most fraction digits of a timestamp.
    pub max_timestamp_precision: u32,
    /// Whether there are timestamps without time zone.
    pub naive_timestamps: bool,
    /// Whether rows and ledger entry can be written in one transaction.
    pub transactions: bool,
    /// Whether what was done is remembered, so that doing it again changes nothing.
    pub exactly_once: bool,
    /// Whether rows with nulls in columns that must not have any are refused.
    pub enforces_not_null: bool,
    /// Whether DDL takes part in transactions.
    pub ddl_transactions: bool,
    /// Ways to merge, the default first; empty where merging is not offered.
    pub merge_strategies: Vec<MergeStrategy>,
    /// Ways to replace, the default first.
    pub replace_strategies: Vec<ReplaceStrategy>,
    /// The way to replace that the settings ask for; it may be one that is not offered.
    pub asked_replace_strategy: Option<ReplaceStrategy>,
    /// Nesting level that is kept as child tables at most; `None` is no limit.
    pub max_table_nesting: Option<u32>,
    /// File size at which normalize should rotate; `None` leaves it to the settings.
    pub recommended_file_size: Option<u64>,
    /// Most jobs at a time; `None` leaves it to the settings.
    pub max_parallel_load_jobs: Option<usize>,
    /// Default of `load.parallelism_strategy`.
    pub parallelism: Parallelism,
    /// Longest statement, where there is a limit.
    pub max_query_length: Option<usize>,
    /// Longest text value, where there is a limit.
    pub max_text_length: Option<usize>,
    /// Whether job files are what readers see: Parquet and CSV then have all columns of their table, and no nulls
    /// where none may be.
    #[serde(default)]
    pub files_are_tables: bool,
    /// Whether the type of a column that is there can be changed to a wider one.
    #[serde(default)]
    pub widens_columns: bool,
    /// Whether unique constraints are created unless the settings say otherwise.
    pub create_indexes: bool,
}

impl Capabilities {
    /// What the destinations of `destination_type` can do with default settings; `None` for an unknown type.
    pub fn of(destination_type: &str) -> Option<Self> {
        kinds::find(destination_type).map(|kind| (kind.capabilities)())
    }

    /// What most SQL databases have in common; each destination changes what differs.
    pub fn sql(destination: &str) -> Self {
        Self {
            destination: destination.to_owned(),
            preferred_format: FileFormat::Parquet,
            parquet_compression: "none".to_owned(),
            supported_formats: vec![FileFormat::Parquet],
            staging_formats: Vec::new(),
            naming: None,
            max_identifier_length: 65_536,
            max_column_identifier_length: 65_536,
            identifier_case: IdentifierCase::Sensitive,
            decimal_precision: (38, 9),
            wei_precision: (38, 0),
            wide_decimals_as_text: false,
            files_are_tables: false,
            timestamp_precision: 6,
            max_timestamp_precision: 6,
            naive_timestamps: true,
            transactions: true,
            exactly_once: true,
            enforces_not_null: true,
            ddl_transactions: true,
            merge_strategies: Vec::new(),
            replace_strategies: vec![ReplaceStrategy::TruncateAndInsert, ReplaceStrategy::InsertFromStaging],
            asked_replace_strategy: None,
            max_table_nesting: None,
            recommended_file_size: None,
            max_parallel_load_jobs: None,
            parallelism: Parallelism::Parallel,
            max_query_length: None,
            max_text_length: None,
            widens_columns: false,
            create_indexes: false,
        }
    }

    /// The shorter of the two limits: names of tables and columns are normalized alike.
    pub fn max_name_length(&self) -> usize {
        self.max_identifier_length.min(self.max_column_identifier_length)
    }

    /// The form in which two names are compared.
    pub fn fold(&self, name: &str) -> String {
        match self.identifier_case {
            IdentifierCase::Sensitive => name.to_owned(),
            IdentifierCase::Insensitive => name.to_lowercase(),
        }
    }

    /// The strategy that a replace uses: the one that the table asks for, else the one that the settings
    /// ask for, else the default.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the destination does not offer it.
    pub fn replace_strategy(&self, asked: Option<ReplaceStrategy>) -> Result<ReplaceStrategy> {
        let offered = &self.replace_strategies;
        let chosen = asked.or(self.asked_replace_strategy).or_else(|| offered.first().copied());
        match chosen {
            Some(strategy) if offered.contains(&strategy) => Ok(strategy),
            Some(strategy) => {
                Err(Error::invalid(format!("{} has no replace strategy '{strategy}'", self.destination))
                    .with_remedy(format!("use one of {}", join(offered))))
            }
            None => Err(Error::invalid(format!("{} cannot replace tables", self.destination))),
        }
    }

    /// The strategy that a merge uses: the one that the table asks for, else the default; `None` where
    /// the destination cannot merge at all, so that rows are appended whatever is asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the destination merges, but not as it is asked to.
    pub fn merge_strategy(&self, asked: Option<MergeStrategy>) -> Result<Option<MergeStrategy>> {
        let offered = &self.merge_strategies;
        match asked {
            None => Ok(offered.first().copied()),
            _ if offered.is_empty() => Ok(None),
            Some(strategy) if offered.contains(&strategy) => Ok(Some(strategy)),
            Some(strategy) => {
                Err(Error::invalid(format!("{} has no merge strategy '{strategy}'", self.destination))
                    .with_remedy(format!("use one of {}", join(offered))))
            }
        }
    }

    /// The format of files that normalize writes: the one asked for, else the preferred one.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the destination cannot load it.
    pub fn file_format(&self, asked: Option<FileFormat>) -> Result<FileFormat> {
        match asked {
            None => Ok(self.preferred_format),
            Some(format) if self.supported_formats.contains(&format) => Ok(format),
            Some(format) => Err(Error::invalid(format!("{} cannot load {format} files", self.destination))
                .with_remedy(format!("use one of {}", join(&self.supported_formats)))),
        }
    }
}

fn join<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn every_known_type_has_consistent_capabilities() {
        for name in kinds::names() {
            let known = Capabilities::of(name).unwrap();
            assert_eq!(known.destination, name);
            assert!(known.supported_formats.contains(&known.preferred_format), "{name}");
            assert!(known.timestamp_precision <= known.max_timestamp_precision, "{name}");
            assert!(!known.replace_strategies.is_empty(), "{name}");
        }
        assert_eq!(Capabilities::of("nowhere"), None);
    }

    #[test]
    fn a_replace_strategy_that_is_not_offered_is_refused_with_those_that_are() {
        let duckdb = Capabilities::of("duckdb").unwrap();
        assert_eq!(duckdb.replace_strategy(None).unwrap(), ReplaceStrategy::TruncateAndInsert);
        let error = duckdb.replace_strategy(Some(ReplaceStrategy::StagingOptimized)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.remedy(), Some("use one of truncate-and-insert, insert-from-staging"));
    }

    #[test]
    fn capabilities_survive_the_manifest_of_a_package() {
        let duckdb = Capabilities::of("duckdb").unwrap();
        let text = serde_json::to_string(&duckdb).unwrap();
        assert_eq!(serde_json::from_str::<Capabilities>(&text).unwrap(), duckdb);
    }
}
