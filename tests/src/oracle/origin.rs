//! The database that a case reads from, where it reads one.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cartage_test_support::{mariadb, postgres};
use serde_json::Value;

use super::case::Case;

/// A database of a case; what is on a server is dropped with the value.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A schema of the server of `cargo xtask services`.
    Postgres(String),
    /// A database of the server of `cargo xtask services`.
    MariaDb(String),
    /// A file of the working folder.
    Sqlite(PathBuf),
}

impl Origin {
    /// An empty database for the case, whose pipelines run in `work`; `None` where it reads files.
    pub(crate) fn of(case: &Case, work: &Path) -> Result<Option<Self>> {
        let name = || postgres::unique("origin");
        Ok(Some(match case.document["database"].as_str() {
            None => return Ok(None),
            Some("postgres") => {
                let name = name();
                postgres::shared().query(&format!("CREATE SCHEMA {name}"))?;
                Self::Postgres(name)
            }
            Some("mariadb") => {
                let name = name();
                mariadb::shared().query(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"))?;
                Self::MariaDb(name)
            }
            Some("sqlite") => Self::Sqlite(work.join("origin.sqlite")),
            Some(other) => bail!("a case reads from {other}, which is not known"),
        }))
    }

    /// Runs the scripts that come before a run; they are in `folder`.
    pub(crate) fn prepare(&self, run: &Value, folder: &Path) -> Result<()> {
        for name in run["scripts"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let path = folder.join(name);
            let sql =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            match self {
                Self::Postgres(schema) => {
                    postgres::shared().query(&format!("SET search_path = {schema};\n{sql}"))?;
                }
                Self::MariaDb(database) => {
                    mariadb::shared().query(&format!("USE {database};\n{sql}"))?;
                }
                Self::Sqlite(file) => rusqlite::Connection::open(file)?.execute_batch(&sql)?,
            }
        }
        Ok(())
    }

    /// The keys of the source that say where it is.
    pub(crate) fn keys(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Postgres(schema) => {
                vec![("credentials", postgres::shared().url().into()), ("schema", schema.as_str().into())]
            }
            Self::MariaDb(database) => {
                let url = mariadb::shared().url();
                let (server, _) = url.rsplit_once('/').unwrap_or((&url, ""));
                vec![("credentials", format!("{server}/{database}").into())]
            }
            Self::Sqlite(file) => vec![("credentials", format!("sqlite:///{}", file.display()).into())],
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        // What could not be dropped is dropped with the server.
        let _ = match self {
            Self::Postgres(name) => {
                postgres::shared().query(&format!("DROP SCHEMA IF EXISTS {name} CASCADE"))
            }
            Self::MariaDb(name) => mariadb::shared().query(&format!("DROP DATABASE IF EXISTS {name}")),
            Self::Sqlite(_) => return,
        };
    }
}
