//! The destinations that cases run with: how a pipeline is told of one, and how what it holds is read.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use anyhow::{Result, bail};
use cartage_test_support::{mariadb, postgres};

use super::dataset::Dataset;
use super::duckdb_file::DuckDbFile;
use super::folder::Folder;
use super::mariadb_database::MariaDbDatabase;
use super::postgres_schema::PostgresSchema;
use super::sqlite_file::SqliteFile;

/// A destination with which dlt went through the cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// A file of the working folder.
    #[default]
    DuckDb,
    /// A schema of the server of `cargo xtask services`.
    Postgres,
    /// A database of the server of `cargo xtask services`.
    MariaDb,
    /// A file of the working folder.
    Sqlite,
    /// A folder of Parquet files.
    Parquet,
    /// A folder of files of JSON lines.
    Jsonl,
}

impl Destination {
    /// What its expectations are called after.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
            Self::Sqlite => "sqlite",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
        }
    }

    fn is_server(self) -> bool {
        matches!(self, Self::Postgres | Self::MariaDb)
    }

    /// A place for one case, whose pipelines run in `work`.
    pub(crate) fn place(self, work: &Path, dataset: &str) -> Place {
        let dataset = if self.is_server() { postgres::unique("oracle") } else { dataset.to_owned() };
        Place { destination: self, work: work.to_owned(), dataset }
    }
}

impl FromStr for Destination {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let all = [Self::DuckDb, Self::Postgres, Self::MariaDb, Self::Sqlite, Self::Parquet, Self::Jsonl];
        match all.into_iter().find(|known| known.name() == text) {
            Some(known) => Ok(known),
            None => bail!("{text} is none of duckdb, postgres, mariadb, sqlite, parquet, jsonl"),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where one case loads to; what is outside of its working folder is dropped with the value.
#[derive(Debug)]
pub(crate) struct Place {
    destination: Destination,
    work: PathBuf,
    pub(crate) dataset: String,
}

impl Place {
    /// The type under `[destination]`.
    pub(crate) fn kind(&self) -> &'static str {
        match self.destination {
            Destination::DuckDb => "duckdb",
            Destination::Postgres => "postgres",
            Destination::MariaDb => "mariadb",
            Destination::Sqlite => "sqlite",
            Destination::Parquet | Destination::Jsonl => "filesystem",
        }
    }

    /// The lines of `[destination.<kind>]` that say where it is.
    pub(crate) fn lines(&self) -> String {
        let mut lines = String::new();
        match self.destination {
            Destination::DuckDb => lines.push_str("path = \"out.duckdb\"\n"),
            Destination::Postgres | Destination::MariaDb => {}
            Destination::Sqlite => lines.push_str("path = \"out.sqlite\"\n"),
            Destination::Parquet | Destination::Jsonl => {
                let _ =
                    write!(lines, "bucket_url = \"lake\"\nloader_file_format = \"{}\"\n", self.destination);
            }
        }
        lines
    }

    /// Whether the destination takes an option of the case.
    pub(crate) fn takes(&self, option: &str) -> bool {
        option != "create_indexes" || matches!(self.destination, Destination::DuckDb | Destination::Postgres)
    }

    /// What a process must be told beside the pipeline file.
    pub(crate) fn tell(&self, command: &mut Command) {
        match self.destination {
            Destination::Postgres => {
                command.env("DESTINATION__POSTGRES__CREDENTIALS", postgres::shared().url());
            }
            Destination::MariaDb => {
                command.env("DESTINATION__MARIADB__CREDENTIALS", mariadb::shared().url());
            }
            _ => {}
        }
    }

    /// What is there; `None` where nothing is.
    pub(crate) fn open(&self) -> Result<Option<Dataset>> {
        let dataset = match self.destination {
            Destination::DuckDb => {
                let database = self.work.join("out.duckdb");
                if !database.exists() {
                    return Ok(None);
                }
                Dataset::new(Box::new(DuckDbFile::open(&database, &self.dataset)?))?
            }
            Destination::Postgres => {
                Dataset::new(Box::new(PostgresSchema::new(postgres::shared(), &self.dataset)))?
            }
            Destination::MariaDb => {
                Dataset::new(Box::new(MariaDbDatabase::new(mariadb::shared(), &self.dataset)))?
            }
            Destination::Sqlite => {
                let database = self.work.join(format!("out__{}.sqlite", self.dataset));
                if !database.exists() {
                    return Ok(None);
                }
                Dataset::new(Box::new(SqliteFile::open(&database)?))?
            }
            Destination::Parquet | Destination::Jsonl => {
                let root = self.work.join("lake").join(&self.dataset);
                Dataset::new(Box::new(Folder::new(root, self.destination == Destination::Parquet)?))?
            }
        };
        let is_file = matches!(self.destination, Destination::DuckDb | Destination::Sqlite);
        let is_there = is_file || !dataset.tables.is_empty();
        Ok(is_there.then_some(dataset))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let name = &self.dataset;
        // What could not be dropped is dropped with the server.
        let _ = match self.destination {
            Destination::Postgres => postgres::shared().query(&format!(
                "DROP SCHEMA IF EXISTS \"{name}\" CASCADE; DROP SCHEMA IF EXISTS \"{name}_staging\" CASCADE"
            )),
            Destination::MariaDb => mariadb::shared().query(&format!(
                "DROP DATABASE IF EXISTS `{name}`; DROP DATABASE IF EXISTS `{name}_staging`"
            )),
            _ => return,
        };
    }
}
