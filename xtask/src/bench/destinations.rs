//! Loads into destinations other than DuckDB, beside dlt and beside the database's own tool.

mod clickhouse;
mod mariadb;
mod parquet;
mod postgres;
mod sqlite;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::data::{DataFile, Set};
use super::engines::{DLT, Run, cartage_command, empty, our_stages, script, their_stages};
use super::measure::run as measure;
use super::report::{self, Row};

/// The dataset that we and dlt load.
const DATASET: &str = "bench";

/// A destination whose loads are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Target {
    /// A server of its own on loopback.
    Postgres,
    /// A server of its own on loopback.
    Mariadb,
    /// The server of `cargo xtask services`; without dlt, which does not reach it.
    Clickhouse,
    /// A SQLite file.
    Sqlite,
    /// A folder of Parquet files.
    Parquet,
}

impl Target {
    fn place(self) -> Box<dyn Place> {
        match self {
            Self::Postgres => Box::new(postgres::Postgres::start()),
            Self::Mariadb => Box::new(mariadb::MariaDb::start()),
            Self::Clickhouse => Box::new(clickhouse::ClickHouse),
            Self::Sqlite => Box::new(sqlite::Sqlite),
            Self::Parquet => Box::new(parquet::Parquet),
        }
    }
}

/// A place that loads are measured into.
trait Place {
    /// The type under `[destination]`.
    fn kind(&self) -> &'static str;
    /// The settings of the destination, as variables.
    fn settings(&self) -> Vec<(&'static str, String)>;
    /// Whether dlt can load into it.
    fn is_known_to_dlt(&self) -> bool {
        true
    }
    /// What `dlt_run.py` is told of it.
    fn for_dlt(&self, work: &Path) -> OsString;
    /// Takes away what was loaded; the working folder is empty already.
    fn clear(&self, work: &Path) -> Result<()>;
    /// Rows of a table of the dataset.
    fn count(&self, case: &Case<'_>, table: &str) -> Result<u64>;
    /// Makes what the tools need of what we have loaded.
    fn prepare(&self, case: &Case<'_>) -> Result<()>;
    /// Loads equal rows with one of [`Self::tools`].
    fn load(&self, case: &Case<'_>, tool: &'static str) -> Result<Run>;
    /// The names of the tools.
    fn tools(&self) -> &'static [&'static str];
}

/// What is measured.
pub(super) struct Plan<'a> {
    pub(super) targets: &'a [Target],
    pub(super) sets: &'a [Set],
    pub(super) rows: Option<u64>,
    pub(super) runs: usize,
    /// How often dlt loads.
    pub(super) dlt_runs: usize,
    /// Whether the databases' own tools are measured.
    pub(super) by_hand: bool,
    pub(super) python: &'a Path,
    pub(super) folder: &'a Path,
}

/// Runs every engine for every target and set.
pub(super) fn run(plan: &Plan<'_>) -> Result<()> {
    for target in plan.targets {
        let place = target.place();
        for set in plan.sets {
            let file = set.file(plan.folder, plan.rows)?;
            let case = Case { plan, place: place.as_ref(), file: &file };
            let mut rows = vec![case.row("cartage", plan.runs, Case::cartage)?];
            if plan.dlt_runs > 0 && place.is_known_to_dlt() {
                rows.push(case.row("dlt tuned", plan.dlt_runs, Case::dlt)?);
            }
            if plan.by_hand {
                case.cartage()?;
                place.prepare(&case)?;
                for tool in place.tools() {
                    rows.push(case.row(tool, plan.runs, |case| place.load(case, tool))?);
                }
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
    place: &'a dyn Place,
    file: &'a DataFile,
}

impl Case<'_> {
    fn row(&self, engine: &'static str, runs: usize, work: impl Fn(&Self) -> Result<Run>) -> Result<Row> {
        Row::measured(engine, runs, || work(self).with_context(|| format!("{engine} on {}", self.table())))
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
        let path = Value::from(self.file.path.to_string_lossy().into_owned());
        let (kind, table) = (self.place.kind(), self.table());
        let text = format!(
            "[pipeline]\nname = \"bench\"\ndataset_name = \"{DATASET}\"\ndestination = \"{kind}\"\n\n\
             [sources.bench]\ntype = \"files\"\n\n[[sources.bench.resources]]\nname = \"{table}\"\n\
             path = {path}\nformat = \"jsonl\"\n"
        );
        fs::write(work.join("pipeline.toml"), text)?;
        let mut command = cartage_command("cartage", &work, &["run"])?;
        let (cost, stdout) = measure(command.envs(self.place.settings()))?;
        self.check()?;
        Ok(Run { cost, stages: our_stages(&stdout)? })
    }

    fn dlt(&self) -> Result<Run> {
        let work = self.fresh()?;
        let mut command = Command::new(self.plan.python);
        command.arg(script(&work, "dlt_run.py", DLT)?).arg(&self.file.path).arg(self.place.for_dlt(&work));
        command.arg(self.table()).arg(work.join("dlt")).arg("tuned").current_dir(&work);
        let (cost, stdout) = measure(&mut command)?;
        self.check()?;
        Ok(Run { cost, stages: their_stages(&stdout)? })
    }

    /// Where the tools find the rows of a table.
    fn csv(&self, table: &str) -> PathBuf {
        self.plan.folder.join(format!("{table}.csv"))
    }

    /// The working folder of the engines.
    fn work(&self) -> PathBuf {
        self.plan.folder.join("work")
    }

    /// An empty working folder and an empty destination.
    fn fresh(&self) -> Result<PathBuf> {
        let work = empty(self.plan.folder)?;
        self.place.clear(&work)?;
        Ok(work)
    }

    /// Fails unless all rows have arrived.
    fn check(&self) -> Result<()> {
        let (table, wanted) = (self.table(), self.file.rows);
        let found = self.place.count(self, table)?;
        ensure!(found == wanted, "{found} of {wanted} rows of {table} have arrived");
        Ok(())
    }
}

/// Measures a tool of a database.
fn by_hand(command: &mut Command) -> Result<Run> {
    Ok(Run { cost: measure(command)?.0, stages: Vec::new() })
}
