//! A pipeline with the place that it loads to, whatever kind of place that is: both can be copied, and the rows can
//! be looked at in the same way.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cartage_test_support::postgres::{Server, shared, unique};
use cartage_test_support::{clickhouse, mariadb};
use duckdb::Connection;

use crate::bucket::Bucket;
use crate::harness::{Bench, Done};
use crate::mirror;

/// A kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file in the folder of the pipeline.
    DuckDb,
    /// A file in the folder of the pipeline, another one for the dataset.
    Sqlite,
    /// Tables of the shared ClickHouse whose names begin with that of the site: there that is a dataset.
    ClickHouse,
    /// A database of the shared MariaDB server, named after the site: there a database is a dataset.
    MariaDb,
    /// A database of the shared server.
    Postgres,
    /// The folder `lake` beside the pipeline.
    Folder,
    /// A folder of the bucket of the S3 server.
    Bucket,
}

/// The file of the dataset `data` beside `out.sqlite`.
const SQLITE: &str = "out__data.sqlite";

/// A [`Bench`] whose pipeline `test` loads dataset `data` into a place of its own.
#[derive(Debug)]
pub struct Site {
    /// The folder of the pipeline.
    pub bench: Bench,
    target: Target,
    /// Of the database, or of the folder in the bucket.
    name: String,
}

impl Site {
    /// An empty folder and an empty place.
    ///
    /// # Panics
    /// If the server of the target does not answer.
    pub fn new(target: Target) -> Self {
        let site = Self { bench: Bench::new(), target, name: unique("site") };
        match target {
            Target::Postgres => drop(shared().psql(&format!("CREATE DATABASE {}", site.name))),
            Target::Bucket => Bucket::shared().check(),
            Target::ClickHouse => drop(clickhouse::url()),
            Target::MariaDb => drop(mariadb::shared()),
            Target::DuckDb | Target::Sqlite | Target::Folder => {}
        }
        site
    }

    /// The same folder and the same place once more.
    ///
    /// # Panics
    /// If a file cannot be copied.
    #[must_use]
    pub fn copied(&self) -> Self {
        let site = Self { bench: Bench::new(), target: self.target, name: unique("site") };
        copy(self.bench.path(), site.bench.path());
        match self.target {
            Target::Postgres => {
                let (name, start) = (&site.name, &self.name);
                drop(shared().psql(&format!("CREATE DATABASE {name} TEMPLATE {start}")));
            }
            Target::Bucket => Bucket::shared().copy(&self.name, &site.name),
            Target::ClickHouse => copy_tables(&self.name, &site.name),
            Target::MariaDb => copy_datasets(&self.name, &site.name),
            Target::DuckDb | Target::Sqlite | Target::Folder => {}
        }
        site
    }

    /// Writes the pipeline file; `sources` follows the line `type = "files"` of the source `test`.
    pub fn pipeline(&self, sources: &str) {
        let (kind, lines) = match self.target {
            Target::DuckDb => ("duckdb", "[destination.duckdb]\npath = \"out.duckdb\"\n"),
            Target::Sqlite => ("sqlite", "[destination.sqlite]\npath = \"out.sqlite\"\n"),
            Target::ClickHouse => ("clickhouse", ""),
            Target::MariaDb => ("mysql", ""),
            Target::Postgres => ("postgres", ""),
            Target::Folder | Target::Bucket => ("filesystem", ""),
        };
        let file = format!(
            "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"{kind}\"\n\n{lines}\n\
             [sources.test]\ntype = \"files\"\n{sources}"
        );
        self.bench.write("pipeline.toml", file);
    }

    /// A `cartage` process that knows the place.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bench.command("cartage", args);
        match self.target {
            Target::DuckDb | Target::Sqlite => {}
            Target::ClickHouse => {
                command.env("DESTINATION__CLICKHOUSE__CREDENTIALS", clickhouse::url());
                command.env("PIPELINE__DATASET_NAME", &self.name);
            }
            Target::MariaDb => {
                command.env("DESTINATION__MYSQL__CREDENTIALS", mariadb::shared().url());
                command.env("PIPELINE__DATASET_NAME", &self.name);
            }
            Target::Postgres => {
                command.env("DESTINATION__POSTGRES__CREDENTIALS", shared().url_of(&self.name));
            }
            Target::Folder => {
                command.env("DESTINATION__FILESYSTEM__BUCKET_URL", "lake");
            }
            Target::Bucket => {
                let bucket = Bucket::shared();
                command.env("DESTINATION__FILESYSTEM__BUCKET_URL", bucket.url(&self.name));
                for (key, value) in bucket.credentials() {
                    command
                        .env(format!("DESTINATION__FILESYSTEM__CREDENTIALS__{}", key.to_uppercase()), value);
                }
            }
        }
        command
    }

    /// Runs `cartage` to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn cartage(&self, args: &[&str]) -> Done {
        Done::of(&self.command(args).output().expect("cartage starts"))
    }

    /// Starts `cartage`, which says nothing.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cartage starts")
    }

    /// The dataset as tables of the schema `data`.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn look(&self) -> Connection {
        match self.target {
            Target::DuckDb => self.bench.database(),
            Target::Sqlite => mirror::of_sqlite(&self.bench.path().join(SQLITE)),
            Target::ClickHouse => mirror::of_clickhouse(&self.name),
            Target::MariaDb => mirror::of_mariadb(&mariadb::shared(), &self.name),
            Target::Postgres => mirror::of_server(&shared(), &self.name, "data"),
            Target::Folder => mirror::of_folder(&self.bench.path().join("lake/data")),
            Target::Bucket => {
                let copy = tempfile::tempdir().expect("a temporary folder");
                Bucket::shared().download(&format!("{}/data", self.name), copy.path());
                mirror::of_folder(copy.path())
            }
        }
    }

    /// What is there of loads that are not complete: datasets, tables or files.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn in_flight(&self) -> Vec<String> {
        match self.target {
            Target::DuckDb => {
                let staging = "SELECT * FROM duckdb_schemas() WHERE schema_name = 'data_staging'";
                self.bench.rows(staging)
            }
            Target::Sqlite => {
                let mut names = mirror::tables_of_sqlite(&self.bench.path().join(SQLITE));
                names.retain(|name| name.starts_with("_cartage"));
                names
            }
            Target::ClickHouse => clickhouse::tables(&format!("{}_staging___", self.name)),
            Target::MariaDb => mariadb::shared()
                .sql(&format!(
                    "SELECT schema_name FROM information_schema.schemata WHERE schema_name = '{}_staging'",
                    self.name
                ))
                .lines()
                .map(str::to_owned)
                .collect(),
            Target::Postgres => lines(
                &shared(),
                &self.name,
                "SELECT c.relname FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid \
                 WHERE n.nspname = 'data_staging'",
            ),
            Target::Folder => self.bench.lake_files("_cartage"),
            Target::Bucket => Bucket::shared().list(&format!("{}/data/_cartage/", self.name)),
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // What could not be dropped is dropped with the server.
        match self.target {
            Target::Postgres => {
                let _ = shared().query(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
            }
            Target::ClickHouse => {
                for table in clickhouse::tables(&format!("{}_", self.name)) {
                    clickhouse::sql(&format!("DROP TABLE IF EXISTS `{}_{table}`", self.name));
                }
            }
            Target::MariaDb => {
                let name = &self.name;
                let drop = format!("DROP DATABASE IF EXISTS {name}; DROP DATABASE IF EXISTS {name}_staging");
                let _ = mariadb::shared().query(&drop);
            }
            Target::DuckDb | Target::Sqlite | Target::Folder | Target::Bucket => {}
        }
    }
}

/// Copies the tables of a site, also those of what is in flight.
fn copy_tables(from: &str, to: &str) {
    for table in clickhouse::tables(&format!("{from}_")) {
        clickhouse::sql(&format!("CREATE TABLE `{to}_{table}` AS `{from}_{table}`"));
        clickhouse::sql(&format!("INSERT INTO `{to}_{table}` SELECT * FROM `{from}_{table}`"));
    }
}

/// Copies the dataset of a site and what is in flight for it.
fn copy_datasets(from: &str, to: &str) {
    let server = mariadb::shared();
    for end in ["", "_staging"] {
        let tables = server.sql(&format!(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = '{from}{end}'"
        ));
        let schemas = format!("SELECT 1 FROM information_schema.schemata WHERE schema_name = '{from}{end}'");
        if server.sql(&schemas).is_empty() {
            continue;
        }
        server.sql(&format!("CREATE DATABASE {to}{end}"));
        for table in tables.lines() {
            server.sql(&format!(
                "CREATE TABLE {to}{end}.`{table}` LIKE {from}{end}.`{table}`; \
                 INSERT INTO {to}{end}.`{table}` SELECT * FROM {from}{end}.`{table}`"
            ));
        }
    }
}

fn lines(server: &Server, database: &str, sql: &str) -> Vec<String> {
    let text = server.query_in(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    text.lines().map(str::to_owned).collect()
}

/// Copies a folder with all that is in it.
///
/// # Panics
/// If a file cannot be read or written.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}
