//! A table of a database into DuckDB and into Parquet, beside dlt, connectorx and what the server needs to hand it over.

mod mariadb;
mod postgres;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::engines::{COUNT, Run, cartage_command, empty, our_stages, script, their_stages};
use super::measure::{Cost, run as measure};
use super::report::{self, Row};
use crate::tools::output;

const DLT: &str = include_str!("sql/dlt_run.py");
const CONNECTORX: &str = include_str!("sql/connectorx_run.py");

/// The table that is read, the resource and the table that is loaded.
const TABLE: &str = "bench";

/// A database whose table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Origin {
    /// 2,000,000 rows in a PostgreSQL server of its own.
    Postgres,
    /// 1,000,000 rows in a MariaDB server of its own.
    Mariadb,
}

impl Origin {
    fn start(self) -> Box<dyn Server> {
        match self {
            Self::Postgres => Box::new(postgres::Postgres::start()),
            Self::Mariadb => Box::new(mariadb::MariaDb::start()),
        }
    }

    fn usual_rows(self) -> u64 {
        match self {
            Self::Postgres => 2_000_000,
            Self::Mariadb => 1_000_000,
        }
    }
}

/// A running server.
trait Server {
    /// Makes the table with this many rows; its bytes.
    fn make_table(&self, rows: u64) -> Result<u64>;
    /// The connection string.
    fn url(&self) -> String;
    /// The connection string as SQLAlchemy wants it.
    fn sqlalchemy_url(&self) -> String;
    /// The schema that the table is in, where the database in the connection string does not say it.
    fn schema(&self) -> Option<&'static str>;
    /// The name of the floor, and the program that reads all rows and throws them away.
    fn floor(&self) -> (&'static str, Command);
}

/// Where the table is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    DuckDb,
    Parquet,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::Parquet => "parquet",
        }
    }

    fn settings(self) -> &'static str {
        match self {
            Self::DuckDb => "destination = \"duckdb\"\n\n[destination.duckdb]\npath = \"out.duckdb\"\n",
            Self::Parquet => {
                "destination = \"filesystem\"\n\n[destination.filesystem]\nbucket_url = \"lake\"\n\
                 loader_file_format = \"parquet\"\n"
            }
        }
    }
}

/// What is measured.
pub(super) struct Plan<'a> {
    pub(super) origins: &'a [Origin],
    pub(super) rows: Option<u64>,
    pub(super) runs: usize,
    /// How often dlt runs, with each of its backends.
    pub(super) dlt_runs: usize,
    /// Whether connectorx and the floor are measured.
    pub(super) by_hand: bool,
    pub(super) python: &'a Path,
    pub(super) folder: &'a Path,
}

/// Runs every engine for every database and both places, and our stages as processes of their own.
pub(super) fn run(plan: &Plan<'_>) -> Result<()> {
    for origin in plan.origins {
        let server = origin.start();
        let rows = plan.rows.unwrap_or(origin.usual_rows());
        let bytes = server.make_table(rows)?;
        for place in [Place::DuckDb, Place::Parquet] {
            let case = Case { plan, server: &*server, place, rows };
            let title = format!("{origin:?} to {}: {rows} rows", place.name());
            report::print(&title, bytes, &case.rows_of_report()?)?;
            report::print_stages(&case.stages_apart()?)?;
        }
    }
    Ok(())
}

/// A table into a place.
struct Case<'a> {
    plan: &'a Plan<'a>,
    server: &'a dyn Server,
    place: Place,
    rows: u64,
}

impl Case<'_> {
    fn rows_of_report(&self) -> Result<Vec<Row>> {
        let mut rows = vec![self.row("cartage", self.plan.runs, Self::cartage)?];
        if self.plan.dlt_runs > 0 {
            rows.push(self.row("dlt connectorx", self.plan.dlt_runs, |case| case.dlt("connectorx"))?);
            rows.push(self.row("dlt pyarrow", self.plan.dlt_runs, |case| case.dlt("pyarrow"))?);
        }
        if self.plan.by_hand {
            rows.push(self.row("connectorx", self.plan.runs, Self::connectorx)?);
            let (name, _) = self.server.floor();
            rows.push(self.row(name, self.plan.runs, Self::floor)?);
        }
        Ok(rows)
    }

    fn row(&self, engine: &'static str, runs: usize, work: impl Fn(&Self) -> Result<Run>) -> Result<Row> {
        Row::measured(engine, runs, || work(self).with_context(|| format!("{engine} on {:?}", self.place)))
    }

    fn cartage(&self) -> Result<Run> {
        let work = empty(self.plan.folder)?;
        self.write_pipeline(&work)?;
        let (cost, stdout) = measure(&mut cartage_command("cartage", &work, &["run"])?)?;
        self.check(&work, "bench", "lake/bench/bench/*.parquet")?;
        Ok(Run { cost, stages: our_stages(&stdout)? })
    }

    fn stages_apart(&self) -> Result<Vec<(&'static str, Cost)>> {
        let work = empty(self.plan.folder)?;
        self.write_pipeline(&work)?;
        let cost = |name: &'static str| Ok((name, measure(&mut cartage_command(name, &work, &[])?)?.0));
        ["cartage-extract", "cartage-normalize", "cartage-load"].into_iter().map(cost).collect()
    }

    fn write_pipeline(&self, work: &Path) -> Result<()> {
        let schema =
            self.server.schema().map(|schema| format!("schema = \"{schema}\"\n")).unwrap_or_default();
        let text = format!(
            "[pipeline]\nname = \"bench\"\ndataset_name = \"bench\"\n{}\n[sources.bench]\n\
             type = \"sql_database\"\ncredentials = \"{}\"\n{schema}table_names = [\"{TABLE}\"]\n",
            self.place.settings(),
            self.server.url()
        );
        Ok(fs::write(work.join("pipeline.toml"), text)?)
    }

    fn dlt(&self, backend: &str) -> Result<Run> {
        let work = empty(self.plan.folder)?;
        let mut command = Command::new(self.plan.python);
        command.arg(script(&work, "dlt_run.py", DLT)?).arg(self.server.sqlalchemy_url());
        let out = work.join("out");
        command.args([TABLE, self.place.name(), backend]).arg(&out).current_dir(&work);
        let (cost, stdout) = measure(&mut command)?;
        self.check(&out, "bench", "out/bench/bench/*.parquet")?;
        Ok(Run { cost, stages: their_stages(&stdout)? })
    }

    fn connectorx(&self) -> Result<Run> {
        let work = empty(self.plan.folder)?;
        let mut command = Command::new(self.plan.python);
        command.arg(script(&work, "connectorx_run.py", CONNECTORX)?).arg(self.server.url());
        let out = work.join("out");
        command.args([TABLE, self.place.name()]).arg(&out).current_dir(&work);
        let (cost, stdout) = measure(&mut command)?;
        self.check(&out, "main", "bench.parquet")?;
        Ok(Run { cost, stages: their_stages(&stdout)? })
    }

    fn floor(&self) -> Result<Run> {
        Ok(Run { cost: measure(&mut self.server.floor().1)?.0, stages: Vec::new() })
    }

    /// Fails unless all rows have arrived: in the schema of `out.duckdb`, or in the files, in `folder`.
    fn check(&self, folder: &Path, schema: &str, files: &str) -> Result<()> {
        let mut count = Command::new(self.plan.python);
        match self.place {
            Place::DuckDb => {
                let count_rows = script(self.plan.folder, "count_rows.py", COUNT)?;
                count.arg(count_rows).arg(folder.join("out.duckdb")).args([schema, TABLE]);
            }
            Place::Parquet => {
                let files = folder.join(files);
                count.arg("-c").arg(format!(
                    "import duckdb; print(duckdb.execute(\"SELECT count(*) FROM '{}'\").fetchone()[0])",
                    files.display()
                ));
            }
        }
        let found: u64 = output(&mut count)?.trim().parse()?;
        let wanted = self.rows;
        ensure!(found == wanted, "{found} of {wanted} rows have arrived");
        Ok(())
    }
}
