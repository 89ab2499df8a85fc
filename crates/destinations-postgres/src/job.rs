//! Jobs: a file into a table, and the follow-up of a chain. Each is one transaction with its ledger entry.

use cartage_destinations_api::sql::{ChainTable, SqlScript, TableRef, follow_up, ledger};
use cartage_destinations_api::{
    Chain, Error, FileFormat, Job, JobFile, JobOutcome, LoadPlan, Result, staging, taken_over,
};

use crate::client::Session;
use crate::copy;
use crate::destination::Postgres;
use crate::schema_sql::{LONGEST_NAME, PostgresDialect};

/// One piece of work that happens once per load.
pub(crate) struct PostgresJob<'a> {
    destination: &'a Postgres,
    plan: &'a LoadPlan,
    entry: String,
    work: Work<'a>,
}

enum Work<'a> {
    Copy(&'a JobFile, TableRef),
    Run(SqlScript),
}

impl<'a> PostgresJob<'a> {
    /// The rows of a file into its table, or into the table's staged twin.
    pub(crate) fn copy(destination: &'a Postgres, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Self> {
        if job.format != FileFormat::Parquet {
            return Err(Error::invalid(format!("postgres cannot load {} files", job.format)));
        }
        let target = target(destination, plan, &job.table)?;
        Ok(Self { destination, plan, entry: ledger::job_entry(&job.id), work: Work::Copy(job, target) })
    }

    /// What turns the staged rows of a chain into rows of the dataset.
    pub(crate) fn follow_up(destination: &'a Postgres, plan: &'a LoadPlan, chain: &Chain) -> Result<Self> {
        let script = follow_up_script(destination, plan, chain)?;
        Ok(Self { destination, plan, entry: ledger::follow_up_entry(&chain.root), work: Work::Run(script) })
    }

    fn work(&self, session: &Session) -> Result<JobOutcome> {
        if !self.destination.is_in_flight(session, &self.plan.key)? {
            return Err(taken_over(&self.plan.key));
        }
        if !self.destination.claim(session, self.plan, &self.entry)? {
            return Ok(JobOutcome::DoneBefore);
        }
        let rows = match &self.work {
            Work::Copy(job, table) => {
                copy::copy(session, table, &job.path, self.destination.pool.config().nul_characters)?
            }
            Work::Run(script) => {
                let mut rows = 0;
                for statement in &script.statements {
                    rows = session.execute(statement)?;
                }
                rows
            }
        };
        Ok(JobOutcome::Done { rows })
    }
}

impl Job for PostgresJob<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        self.destination.lock.acquire(&self.destination.pool, &self.plan.key)?;
        let session = self.destination.pool.session()?;
        session.transaction(|| self.work(&session))
    }
}

/// Where the rows of a table of the plan are written to.
pub(crate) fn target(destination: &Postgres, plan: &LoadPlan, table: &str) -> Result<TableRef> {
    let planned = plan.table(table).ok_or_else(|| not_in_plan(table, plan))?;
    Ok(if planned.staged { staged(destination, plan, table) } else { direct(destination, table) })
}

fn direct(destination: &Postgres, table: &str) -> TableRef {
    TableRef::new(&destination.pool.config().dataset, table)
}

/// The staged twin of `table` for this load.
pub(crate) fn staged(destination: &Postgres, plan: &LoadPlan, table: &str) -> TableRef {
    let name = staging::table_name(table, &plan.key, LONGEST_NAME);
    TableRef::new(&destination.pool.config().staging_dataset, name)
}

/// The statements of a chain's follow-up.
pub(crate) fn follow_up_script(destination: &Postgres, plan: &LoadPlan, chain: &Chain) -> Result<SqlScript> {
    let tables = chain
        .tables
        .iter()
        .map(|name| {
            let table = plan.schema.tables.get(name).ok_or_else(|| not_in_plan(name, plan))?;
            Ok(ChainTable {
                target: direct(destination, name),
                staged: staged(destination, plan, name),
                table,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    follow_up(&PostgresDialect, chain.follow_up, &tables, plan.created_micros())
}

/// An error for what should be in the plan and is not.
pub(crate) fn not_in_plan(table: &str, plan: &LoadPlan) -> Error {
    Error::invalid(format!("table {table} is not part of load {}", plan.key.load_id))
}
