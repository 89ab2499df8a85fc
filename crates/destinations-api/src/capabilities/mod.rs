//! What each destination can do, as data that needs neither a connection nor a driver.
//!
//! `extract` and `normalize` shape names, types and files by it, `load` refuses what a destination
//! cannot do before it touches anything.

mod groups;

use std::fmt;

pub use cartage_runtime::Parallelism;
use cartage_schema::{MergeStrategy, ReplaceStrategy};
use serde::{Deserialize, Serialize};

pub use self::groups::{Files, Guarantees, Jobs, Names, Strategies, Tables, Values};
use crate::error::{Error, Result};
use crate::files::FileFormat;

/// Whether names that differ in case only are different names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierCase {
    /// `Name` and `name` are two columns.
    Sensitive,
    /// `Name` and `name` are one column.
    Insensitive,
}

/// What a destination can do. As JSON, which `cartage destination list` prints, the groups are one flat object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// Type of the destination, as in `type = "duckdb"`.
    pub destination: String,
    /// Names of tables and columns.
    #[serde(flatten)]
    pub names: Names,
    /// Formats, sizes and compression of job files.
    #[serde(flatten)]
    pub files: Files,
    /// Types and values.
    #[serde(flatten)]
    pub values: Values,
    /// Tables and what may happen to them.
    #[serde(flatten)]
    pub tables: Tables,
    /// How tables are merged and replaced.
    #[serde(flatten)]
    pub strategies: Strategies,
    /// Jobs that run at the same time.
    #[serde(flatten)]
    pub jobs: Jobs,
    /// What is promised about rows.
    #[serde(flatten)]
    pub guarantees: Guarantees,
}

impl Capabilities {
    /// What most SQL databases have in common; each destination changes what differs.
    pub fn sql(destination: &str) -> Self {
        Self {
            destination: destination.to_owned(),
            names: Names::default(),
            files: Files::default(),
            values: Values::default(),
            tables: Tables::default(),
            strategies: Strategies::default(),
            jobs: Jobs::default(),
            guarantees: Guarantees::default(),
        }
    }

    /// The shorter of the two limits: names of tables and columns are normalized alike.
    pub fn max_name_length(&self) -> usize {
        self.names.max_identifier_length.min(self.names.max_column_identifier_length)
    }

    /// The form in which two names are compared.
    pub fn fold(&self, name: &str) -> String {
        match self.names.identifier_case {
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
        let offered = &self.strategies.replace;
        let chosen = asked.or(self.strategies.asked_replace).or_else(|| offered.first().copied());
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
        let offered = &self.strategies.merge;
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
            None => Ok(self.files.preferred_format),
            Some(format) if self.files.supported_formats.contains(&format) => Ok(format),
            Some(format) => Err(Error::invalid(format!("{} cannot load {format} files", self.destination))
                .with_remedy(format!("use one of {}", join(&self.files.supported_formats)))),
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
    fn a_replace_strategy_that_is_not_offered_is_refused_with_those_that_are() {
        let duckdb = Capabilities::of("duckdb").unwrap();
        assert_eq!(duckdb.replace_strategy(None).unwrap(), ReplaceStrategy::TruncateAndInsert);
        let error = duckdb.replace_strategy(Some(ReplaceStrategy::StagingOptimized)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.remedy(), Some("use one of truncate-and-insert, insert-from-staging"));
    }

    #[test]
    fn the_groups_are_one_flat_object_in_lists() {
        let duckdb = serde_json::to_value(Capabilities::of("duckdb").unwrap()).unwrap();
        let keys = ["destination", "identifier_case", "preferred_format", "wei_precision", "widens_columns"];
        for key in keys.iter().chain(&["merge_strategies", "parallelism", "exactly_once"]) {
            assert!(duckdb.get(key).is_some(), "{key} is not in {duckdb}");
        }
    }
}
