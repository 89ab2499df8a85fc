//! [`DuckDbEngine`]: what DuckDB does in its own way.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use cartage_destinations_api::{
    Capabilities, ConnectRequest, Description, JobFile, LoadPlan, Probe, Result, SqlScript, Statement,
    database_file,
};
use cartage_destinations_sql::statements::merge::{UpdateRows, update_by_merge};
use cartage_destinations_sql::statements::{ChainTable, Dialect, TableRef};
use cartage_destinations_sql::{
    Datasets, LedgerAccess, LedgerGuard, SqlDestination, SqlEngine, SqlSession as _,
};
use cartage_runtime::Runtime;
use cartage_schema::Table;

use crate::config::Config;
use crate::database::{Database, attachment};
use crate::handle::DatabaseHandle;
use crate::insert;
use crate::replacing::update_by_replacing;
use crate::schema_sql::{DuckDbDialect, Uncompressed};
use crate::session::Session;

/// One dataset in a DuckDB database.
pub type DuckDb = SqlDestination<DuckDbEngine>;

/// Reads the settings. The file is opened by the first call that needs it.
///
/// # Errors
/// Invalid if a setting is unknown or has a value that it cannot have.
pub fn connect(request: &ConnectRequest) -> Result<DuckDb> {
    let config = Config::read(request)?;
    let mut capabilities =
        Capabilities::of("duckdb").expect("the api knows duckdb").with_settings(&config.common)?;
    capabilities.jobs.max_parallel_load_jobs.get_or_insert(config.parallel_jobs());
    let datasets = Datasets { dataset: config.dataset.clone(), staging: config.staging_dataset.clone() };
    Ok(SqlDestination::new(DuckDbEngine {
        config,
        runtime: Runtime { cancel: request.cancel.clone(), ..Runtime::system() },
        datasets,
        capabilities,
        handle: DatabaseHandle::default(),
    }))
}

/// The database of one destination.
#[derive(Debug)]
pub struct DuckDbEngine {
    config: Config,
    runtime: Runtime,
    datasets: Datasets,
    capabilities: Capabilities,
    handle: DatabaseHandle,
}

impl DuckDbEngine {
    /// The open database; makes the file where there is none.
    fn database(&self) -> Result<Arc<Database>> {
        self.handle.get(|| Database::open(&self.config, &self.runtime))
    }

    /// Opens the file, or checks whether it could be created.
    fn try_opening(&self) -> Result<String> {
        let path = self.place();
        if !path.exists() {
            return database_file::try_making(path);
        }
        self.session()?;
        Ok(format!("{} can be opened", path.display()))
    }

    fn place(&self) -> &Path {
        &self.config.path
    }
}

impl SqlEngine for DuckDbEngine {
    type Session<'a> = Session<'a>;

    fn dialect(&self) -> &dyn Dialect {
        &DuckDbDialect
    }

    fn datasets(&self) -> &Datasets {
        &self.datasets
    }

    fn description(&self) -> Description {
        let location = self.place().display().to_string();
        let look = format!("duckdb {location}");
        Description::new("duckdb", location, &self.datasets.dataset).look_with(look)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn session(&self) -> Result<Session<'_>> {
        Session::open(&self.handle, self.database()?)
    }

    fn existing_session(&self) -> Result<Option<Session<'_>>> {
        if self.handle.is_open() || self.place().exists() { self.session().map(Some) } else { Ok(None) }
    }

    fn load_file(
        &self,
        session: &Session<'_>,
        target: &TableRef,
        table: &Table,
        job: &JobFile,
    ) -> Result<u64> {
        session.execute(&insert::statement(target, table, job)?)
    }

    fn load_statement(&self, target: &TableRef, table: &Table, job: &JobFile) -> Result<Statement> {
        insert::statement(target, table, job)
    }

    fn probes(&self) -> (Vec<Probe<'_>>, Vec<Probe<'_>>) {
        (vec![Probe::new("open", || self.try_opening())], Vec::new())
    }

    /// The load is in flight, and has the file to itself until its end.
    fn tune(&self, session: &Session<'_>, plan: &LoadPlan) -> Result<()> {
        self.handle.set_in_flight(true);
        session.execute(&vacuum(plan)).map(drop)
    }

    fn end_work(&self) {
        self.handle.set_in_flight(false);
        self.handle.close_unless_in_flight();
    }

    fn guard_ledger(&self, access: LedgerAccess) -> Result<Option<LedgerGuard>> {
        let lock = Arc::clone(&self.database()?.ledger);
        let holder = match access {
            LedgerAccess::Shared => Some(lock.shared()),
            LedgerAccess::Exclusive => Some(lock.exclusive()),
            LedgerAccess::TryExclusive => lock.try_exclusive(),
        };
        Ok(holder.map(LedgerGuard::new))
    }

    /// What is merged is a small part of its table as a rule, and is not compressed: that costs more than anything
    /// else about staged rows. A replacement may be large, and would leave a large file behind.
    fn staged_dialect(&self, is_merged: bool) -> &dyn Dialect {
        if is_merged { &Uncompressed } else { &DuckDbDialect }
    }

    /// Known rows are replaced, and updated in place only where a table has columns that the schema does not know.
    fn update_rows(&self, session: Option<&Session<'_>>, tables: &[ChainTable<'_>]) -> Result<UpdateRows> {
        let Some(session) = session else { return Ok(update_by_replacing) };
        let in_place = has_other_columns(session, tables)?;
        Ok(if in_place { update_by_merge } else { update_by_replacing })
    }

    fn preamble(&self) -> Result<SqlScript> {
        let attach = attachment(self.place())?;
        Ok(Statement::new("attach the file by the name that the statements know it by", attach).into())
    }
}

/// Bytes of files from which a load leaves its small row groups as they are.
const LARGE_LOAD: u64 = 16 << 20;

/// Lets checkpoints join small row groups unless the load is large and removes no rows.
///
/// Every thread leaves a small row group at the end of a job. Joining them writes their big neighbours
/// once more, which takes as long as loading them did, while a few small ones do no harm. Small loads must
/// join them: each would leave one more in every table, with half a megabyte in the file.
fn vacuum(plan: &LoadPlan) -> Statement {
    let only_appends = plan.chains.is_empty() && plan.truncate.is_empty();
    let leaves_them = only_appends && plan.bytes >= LARGE_LOAD;
    let sql = if leaves_them { "SET GLOBAL max_vacuum_tasks = 0" } else { "RESET GLOBAL max_vacuum_tasks" };
    Statement::new("choose whether checkpoints join row groups", sql)
}

/// Whether a table of a chain has columns that the schema does not know.
fn has_other_columns(session: &Session<'_>, tables: &[ChainTable<'_>]) -> Result<bool> {
    for chained in tables {
        let there = session.column_names(&chained.target)?;
        let known: HashSet<String> =
            chained.table.complete_columns().map(|column| DuckDbDialect.fold(&column.name)).collect();
        if there.iter().any(|column| !known.contains(&DuckDbDialect.fold(column))) {
            return Ok(true);
        }
    }
    Ok(false)
}
