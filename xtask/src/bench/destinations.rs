//! Loads into PostgreSQL, SQLite and Parquet files, beside dlt and beside the database's own tool: `psql \\copy`,
//! `sqlite3 .import`, DuckDB's COPY.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cartage_test_support::postgres::Server;
use serde_json::Value;

use super::data::{DataFile, Set};
use super::engines::{DLT, Run, cartage_command, empty, our_stages, script, their_stages};
use super::measure::run as measure;
use super::report;

const PARQUET: &str = include_str!("parquet_run.py");

/// Schema of tables that are equal to ours.
const EQUAL: &str = "copied";
/// Schema of the same tables without indexes.
const BARE: &str = "bare";

/// The SQLite file that is named, and the one that the dataset has beside it.
const SQLITE: &str = "out.sqlite";
const SQLITE_DATASET: &str = "out__bench.sqlite";

/// A destination whose loads are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Target {
    /// A server of its own on loopback.
    Postgres,
    /// A SQLite file.
    Sqlite,
    /// A folder of Parquet files.
    Parquet,
}

/// What is measured.
pub(super) struct Plan<'a> {
    pub(super) targets: &'a [Target],
    pub(super) sets: &'a [Set],
    pub(super) rows: Option<u64>,
    pub(super) runs: usize,
    /// How often dlt loads.
    pub(super) dlt_runs: usize,
    /// Whether psql and DuckDB are measured.
    pub(super) by_hand: bool,
    pub(super) python: &'a Path,
    pub(super) folder: &'a Path,
}

/// Runs every engine for every target and set.
pub(super) fn run(plan: &Plan<'_>) -> Result<()> {
    for target in plan.targets {
        let server = (*target == Target::Postgres).then(Server::private);
        for set in plan.sets {
            let file = set.file(plan.folder, plan.rows)?;
            let case = Case { plan, target: *target, file: &file, server: server.as_ref() };
            let mut rows = vec![case.row("cartage", plan.runs, Case::cartage)?];
            if plan.dlt_runs > 0 {
                rows.push(case.row("dlt tuned", plan.dlt_runs, Case::dlt)?);
            }
            if plan.by_hand && server.is_some() {
                case.prepare_copy()?;
                rows.push(case.row("psql \\copy", plan.runs, Case::psql)?);
                rows.push(case.row("no indexes", plan.runs, Case::psql_bare)?);
            } else if plan.by_hand && *target == Target::Sqlite {
                case.prepare_import()?;
                rows.push(case.row("sqlite3 .import", plan.runs, Case::sqlite_import)?);
            } else if plan.by_hand {
                rows.push(case.row("DuckDB COPY", plan.runs, Case::duckdb)?);
            }
            let title = format!("{target:?}, {}: {} rows", set.name(), file.rows);
            report::print(&title, file.bytes, &rows)?;
        }
    }
    Ok(())
}

/// One set into one target.
struct Case<'a> {
    plan: &'a Plan<'a>,
    target: Target,
    file: &'a DataFile,
    server: Option<&'a Server>,
}

impl Case<'_> {
    fn row(&self, engine: &'static str, runs: usize, work: fn(&Self) -> Result<Run>) -> Result<report::Row> {
        let runs = (0..runs).map(|_| work(self).with_context(|| format!("{engine} on {}", self.table())));
        Ok(report::Row { engine, runs: runs.collect::<Result<_>>()? })
    }

    fn table(&self) -> &'static str {
        self.file.set.name()
    }

    /// The tables of the set, the root first.
    fn tables(&self) -> Vec<String> {
        let root = self.table().to_owned();
        if self.file.set == Set::Orders { vec![root.clone(), format!("{root}__lines")] } else { vec![root] }
    }

    fn cartage(&self) -> Result<Run> {
        let work = self.fresh()?;
        let kind = match self.target {
            Target::Postgres => "postgres",
            Target::Sqlite => "sqlite",
            Target::Parquet => "filesystem",
        };
        let path = Value::from(self.file.path.to_string_lossy().into_owned());
        let table = self.table();
        let text = format!(
            "[pipeline]\nname = \"bench\"\ndataset_name = \"bench\"\ndestination = \"{kind}\"\n\n\
             [sources.bench]\ntype = \"files\"\n\n[[sources.bench.resources]]\nname = \"{table}\"\n\
             path = {path}\nformat = \"jsonl\"\n"
        );
        fs::write(work.join("pipeline.toml"), text)?;
        let mut command = cartage_command("cartage", &work, &["run"])?;
        match self.target {
            Target::Postgres => command.env("DESTINATION__POSTGRES__CREDENTIALS", self.server()?.url()),
            Target::Sqlite => command.env("DESTINATION__SQLITE__PATH", SQLITE),
            Target::Parquet => command
                .env("DESTINATION__FILESYSTEM__BUCKET_URL", "lake")
                .env("DESTINATION__FILESYSTEM__LOADER_FILE_FORMAT", "parquet"),
        };
        let (cost, stdout) = measure(&mut command)?;
        self.check("bench", &work)?;
        Ok(Run { cost, stages: our_stages(&stdout)? })
    }

    fn dlt(&self) -> Result<Run> {
        let work = self.fresh()?;
        let mut command = Command::new(self.plan.python);
        command.arg(script(&work, "dlt_run.py", DLT)?).arg(&self.file.path);
        match self.target {
            Target::Postgres => command.arg(self.server()?.url()),
            Target::Sqlite => command.arg(format!("sqlite:///{}", work.join(SQLITE).display())),
            Target::Parquet => command.arg(work.join("lake")),
        };
        command.arg(self.table()).arg(work.join("dlt")).arg("tuned").current_dir(&work);
        let (cost, stdout) = measure(&mut command)?;
        self.check("bench", &work)?;
        Ok(Run { cost, stages: their_stages(&stdout)? })
    }

    /// Writes the rows that are in the server as CSV, and makes equal tables.
    fn prepare_copy(&self) -> Result<()> {
        self.cartage()?;
        let server = self.server()?;
        for schema in [EQUAL, BARE] {
            server.psql(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"));
        }
        for table in self.tables() {
            let rows = server.query(&format!("COPY bench.{table} TO STDOUT (FORMAT csv)"))?;
            fs::write(self.csv(&table), rows)?;
            server.psql(&format!(
                "CREATE TABLE {EQUAL}.{table} (LIKE bench.{table} INCLUDING ALL); \
                 CREATE TABLE {BARE}.{table} (LIKE bench.{table})"
            ));
        }
        Ok(())
    }

    fn csv(&self, table: &str) -> PathBuf {
        self.plan.folder.join(format!("{table}.csv"))
    }

    fn psql(&self) -> Result<Run> {
        self.copy_into(EQUAL)
    }

    fn psql_bare(&self) -> Result<Run> {
        self.copy_into(BARE)
    }

    fn copy_into(&self, schema: &str) -> Result<Run> {
        let server = self.server()?;
        let tables = self.tables();
        let names: Vec<String> = tables.iter().map(|table| format!("{schema}.{table}")).collect();
        server.psql(&format!("TRUNCATE {}; CHECKPOINT", names.join(", ")));
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]).arg(server.url());
        for table in &tables {
            let csv = self.csv(table);
            command.arg("-c").arg(format!("\\copy {schema}.{table} from '{}' (format csv)", csv.display()));
        }
        let (cost, _) = measure(&mut command)?;
        self.check(schema, self.plan.folder)?;
        Ok(Run { cost, stages: Vec::new() })
    }

    fn duckdb(&self) -> Result<Run> {
        let work = self.fresh()?;
        let kind = if self.file.set == Set::Orders { "orders" } else { "plain" };
        let mut command = Command::new(self.plan.python);
        command.arg(script(&work, "parquet_run.py", PARQUET)?).arg(&self.file.path).arg(work.join("lake"));
        let (cost, _) = measure(command.args([self.table(), kind]).current_dir(&work))?;
        Ok(Run { cost, stages: Vec::new() })
    }

    /// Writes the rows that are in the file as CSV, and keeps how its tables were made.
    fn prepare_import(&self) -> Result<()> {
        self.cartage()?;
        let file = self.plan.folder.join("work").join(SQLITE_DATASET);
        let mut tables = String::new();
        for table in self.tables() {
            let select = format!("SELECT * FROM {table}");
            fs::write(self.csv(&table), sqlite3(&file, &["-csv", &select])?)?;
            tables.push_str(&sqlite3(
                &file,
                &[&format!("SELECT sql || ';' FROM sqlite_schema WHERE name = '{table}'")],
            )?);
        }
        fs::write(self.plan.folder.join("tables.sql"), tables)?;
        Ok(())
    }

    fn sqlite_import(&self) -> Result<Run> {
        let work = self.fresh()?;
        let file = work.join(SQLITE_DATASET);
        sqlite3(&file, &[&fs::read_to_string(self.plan.folder.join("tables.sql"))?])?;
        let mut command = Command::new("sqlite3");
        command.arg(&file).args(["PRAGMA journal_mode = WAL", ".mode csv"]);
        for table in self.tables() {
            command.arg(format!(".import {} {table}", self.csv(&table).display()));
        }
        let (cost, _) = measure(&mut command)?;
        self.check("bench", &work)?;
        Ok(Run { cost, stages: Vec::new() })
    }

    fn server(&self) -> Result<&Server> {
        self.server.context("psql needs a server")
    }

    /// An empty working folder and an empty destination.
    fn fresh(&self) -> Result<PathBuf> {
        let work = empty(self.plan.folder)?;
        match self.server {
            Some(server) => drop(server.psql(
                "DROP SCHEMA IF EXISTS bench CASCADE; DROP SCHEMA IF EXISTS bench_staging CASCADE; CHECKPOINT",
            )),
            None => fs::create_dir_all(work.join("lake"))?,
        }
        Ok(work)
    }

    /// Fails unless all rows have arrived.
    fn check(&self, schema: &str, work: &Path) -> Result<()> {
        let (table, wanted) = (self.table(), self.file.rows);
        let found: u64 = if let Some(server) = self.server {
            server.psql(&format!("SELECT count(*) FROM {schema}.{table}")).parse()?
        } else if self.target == Target::Sqlite {
            let count = sqlite3(&work.join(SQLITE_DATASET), &[&format!("SELECT count(*) FROM {table}")])?;
            count.trim().parse()?
        } else {
            let files = work.join("lake").join(schema).join(table).join("*.parquet");
            let count = format!(
                "import duckdb; print(duckdb.execute(\"SELECT count(*) FROM '{}'\").fetchone()[0])",
                files.display()
            );
            let output = Command::new(self.plan.python).args(["-c", &count]).output()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().context("the files cannot be counted")?
        };
        ensure!(found == wanted, "{found} of {wanted} rows of {table} have arrived");
        Ok(())
    }
}

/// What `sqlite3` answers.
fn sqlite3(file: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new("sqlite3")
        .arg(file)
        .args(args)
        .output()
        .context("this needs sqlite3 (Debian: `apt-get install sqlite3`); or use --without duckdb")?;
    ensure!(output.status.success(), "sqlite3: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
