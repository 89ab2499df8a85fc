//! Loads into PostgreSQL beside dlt and `psql \\copy`, and into Parquet files beside dlt and DuckDB's COPY.

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

/// A destination whose loads are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Target {
    /// A server of its own on loopback.
    Postgres,
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
            let case = Case { plan, file: &file, server: server.as_ref() };
            let mut rows = vec![case.row("cartage", plan.runs, Case::cartage)?];
            if plan.dlt_runs > 0 {
                rows.push(case.row("dlt tuned", plan.dlt_runs, Case::dlt)?);
            }
            if plan.by_hand && server.is_some() {
                case.prepare_copy()?;
                rows.push(case.row("psql \\copy", plan.runs, Case::psql)?);
                rows.push(case.row("no indexes", plan.runs, Case::psql_bare)?);
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
        let kind = if self.server.is_some() { "postgres" } else { "filesystem" };
        let path = Value::from(self.file.path.to_string_lossy().into_owned());
        let table = self.table();
        let text = format!(
            "[pipeline]\nname = \"bench\"\ndataset_name = \"bench\"\ndestination = \"{kind}\"\n\n\
             [sources.bench]\ntype = \"files\"\n\n[[sources.bench.resources]]\nname = \"{table}\"\n\
             path = {path}\nformat = \"jsonl\"\n"
        );
        fs::write(work.join("pipeline.toml"), text)?;
        let mut command = cartage_command("cartage", &work, &["run"])?;
        match self.server {
            Some(server) => command.env("DESTINATION__POSTGRES__CREDENTIALS", server.url()),
            None => command
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
        match self.server {
            Some(server) => command.arg(server.url()),
            None => command.arg(work.join("lake")),
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
