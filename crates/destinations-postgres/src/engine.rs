//! [`PostgresEngine`]: what PostgreSQL does in its own way.

use cartage_destinations_api::{
    Capabilities, ConnectRequest, Description, Error, FileFormat, JobFile, LoadKey, Probe, Result, SqlScript,
    Statement,
};
use cartage_destinations_sql::server::{LoadLock, Pool, Pooled};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_destinations_sql::{Datasets, SqlDestination, SqlEngine};
use cartage_schema::Table;

use crate::check;
use crate::client::Session;
use crate::config::Config;
use crate::connector::Connector;
use crate::copy;
use crate::schema_sql::PostgresDialect;

/// One dataset in a PostgreSQL database.
pub type Postgres = SqlDestination<PostgresEngine>;

/// Memory for sorting row ids, where the server allows less by itself, in kilobytes.
const SORT_KILOBYTES: u32 = 256 << 10;

/// Reads the settings. The server is asked by the first call that needs it.
///
/// # Errors
/// Invalid if a setting is unknown, absent or has a value that it cannot have.
pub fn connect(request: &ConnectRequest) -> Result<Postgres> {
    let config = Config::read(request)?;
    let capabilities = config.capabilities("postgres")?;
    Ok(SqlDestination::new(PostgresEngine {
        lock: LoadLock::default(),
        pool: Pool::new(Connector::new(config)),
        capabilities,
    }))
}

/// The server of one destination.
#[derive(Debug)]
pub struct PostgresEngine {
    // Its connection ends before those of the pool and the thread that serves them.
    lock: LoadLock<Session>,
    pool: Pool<Connector>,
    capabilities: Capabilities,
}

impl PostgresEngine {
    pub(crate) fn pool(&self) -> &Pool<Connector> {
        &self.pool
    }
}

impl SqlEngine for PostgresEngine {
    type Session<'a> = Pooled<'a, Connector>;

    fn dialect(&self) -> &dyn Dialect {
        &PostgresDialect
    }

    fn datasets(&self) -> &Datasets {
        &self.pool.server().config().datasets
    }

    fn description(&self) -> Description {
        let config = self.pool.server().config();
        let credentials = &config.keys.credentials;
        let (host, port) =
            credentials.hosts.first().map_or(("", 5432), |(host, port)| (host.as_str(), *port));
        let look = format!("psql -h {host} -p {port} -U {} {}", credentials.username, credentials.database);
        Description::new("postgres", config.keys.place(), &self.datasets().dataset).look_with(look)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn session(&self) -> Result<Pooled<'_, Connector>> {
        self.pool.session()
    }

    fn load_file(
        &self,
        session: &Pooled<'_, Connector>,
        target: &TableRef,
        _table: &Table,
        job: &JobFile,
    ) -> Result<u64> {
        copy::copy(session, target, &job.path, self.pool.server().config().keys.nul_characters)
    }

    fn load_statement(&self, target: &TableRef, table: &Table, job: &JobFile) -> Result<Statement> {
        if job.format != FileFormat::Parquet {
            return Err(Error::invalid(format!("postgres cannot load {} files", job.format)));
        }
        let columns: Vec<&str> = table.complete_columns().map(|column| column.name.as_str()).collect();
        let purpose = format!("insert {} into table {}, of the columns those in the file", job.id, job.table);
        Ok(Statement::new(purpose, copy::statement(target, &columns, true)))
    }

    fn probes(&self) -> (Vec<Probe<'_>>, Vec<Probe<'_>>) {
        (
            vec![Probe::new("connect", || check::connect(self))],
            vec![Probe::new("rights", || check::rights(self))],
        )
    }

    /// Holds an advisory lock of the server for the pipeline and dataset.
    fn begin_work(&self, load: &LoadKey) -> Result<()> {
        self.lock.acquire(self.pool.server(), load, &self.datasets().dataset)
    }

    fn end_work(&self) {
        self.lock.release();
    }

    fn late_keys(&self) -> Option<SqlScript> {
        let more_memory = format!(
            "SELECT set_config(name, '{SORT_KILOBYTES}kB', true) FROM pg_catalog.pg_settings \
             WHERE name = 'maintenance_work_mem' AND setting::int < {SORT_KILOBYTES}"
        );
        Some(Statement::new("ask for memory to sort with", more_memory).into())
    }
}
