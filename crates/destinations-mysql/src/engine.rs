//! [`MysqlEngine`]: what MySQL and MariaDB do in their own way.

use cartage_destinations_api::{
    Capabilities, ConnectRequest, Description, Error, FileFormat, JobFile, LoadKey, Probe, Result, Statement,
};
use cartage_destinations_sql::server::{LoadLock, Pool, Pooled};
use cartage_destinations_sql::statements::ddl::{self, Constraints};
use cartage_destinations_sql::statements::merge::{UpdateRows, update_in_steps};
use cartage_destinations_sql::statements::{ChainTable, Dialect, TableRef};
use cartage_destinations_sql::{CommitModel, Datasets, SqlDestination, SqlEngine};
use cartage_schema::Table;

use crate::check;
use crate::client::Session;
use crate::config::{Config, Credentials};
use crate::connector::Connector;
use crate::load;

/// One dataset at a server of MySQL or MariaDB.
pub type Mysql = SqlDestination<MysqlEngine>;

/// Reads the settings. The server is asked by the first call that needs it.
///
/// # Errors
/// Invalid if a setting is unknown, absent or has a value that it cannot have.
pub fn connect(request: &ConnectRequest) -> Result<Mysql> {
    Ok(SqlDestination::new(MysqlEngine::new(request)?))
}

/// The server of one destination.
#[derive(Debug)]
pub struct MysqlEngine {
    // Its connection ends before the thread that serves all of them.
    lock: LoadLock<Session>,
    pool: Pool<Connector>,
    capabilities: Capabilities,
}

impl MysqlEngine {
    /// Reads the settings.
    ///
    /// # Errors
    /// As for [`connect`].
    pub fn new(request: &ConnectRequest) -> Result<Self> {
        let config = Config::read(request)?;
        let capabilities = config.capabilities(&request.destination_type)?;
        Ok(Self { lock: LoadLock::default(), pool: Pool::new(Connector::new(config)), capabilities })
    }
}

impl SqlEngine for MysqlEngine {
    type Session<'a> = Pooled<'a, Connector>;

    fn dialect(&self) -> &dyn Dialect {
        self.pool.server().dialect()
    }

    fn datasets(&self) -> &Datasets {
        &self.pool.server().config().datasets
    }

    fn description(&self) -> Description {
        let config = self.pool.server().config();
        let Credentials { host, port, username, .. } = &config.keys.credentials;
        let dataset = &config.datasets.dataset;
        let look = format!("mysql -h {host} -P {port} -u {username} -p {dataset}");
        Description::new(&self.capabilities.destination, config.keys.credentials.place(), dataset)
            .look_with(look)
    }

    fn commit_model(&self) -> CommitModel {
        CommitModel::RowsOnly
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
        table: &Table,
        job: &JobFile,
    ) -> Result<u64> {
        let of_dataset = TableRef::new(&self.datasets().dataset, &table.name);
        load::load(session, target, &of_dataset, table, &job.path)
    }

    fn load_statement(&self, target: &TableRef, table: &Table, job: &JobFile) -> Result<Statement> {
        if job.format != FileFormat::Parquet {
            let name = &self.capabilities.destination;
            return Err(Error::invalid(format!("{name} cannot load {} files", job.format)));
        }
        let purpose = format!("insert {} into table {}, of the columns those in the file", job.id, job.table);
        Ok(Statement::new(purpose, load::statement(self.dialect(), target, table)))
    }

    fn probes(&self) -> (Vec<Probe<'_>>, Vec<Probe<'_>>) {
        (vec![Probe::new("connect", || check::connect(&self.pool))], Vec::new())
    }

    /// Holds a lock of the server for the pipeline and dataset.
    fn begin_work(&self, load: &LoadKey) -> Result<()> {
        self.lock.acquire(self.pool.server(), load, &self.datasets().dataset)
    }

    fn end_work(&self) {
        self.lock.release();
    }

    fn create_staged(
        &self,
        target: &TableRef,
        table: &Table,
        constraints: Constraints,
        is_merged: bool,
    ) -> Result<String> {
        let dialect = self.pool.server().dialect();
        if is_merged {
            ddl::create_table(&dialect.of_merged(), target, table, constraints)
        } else {
            ddl::create_table(dialect, target, table, constraints)
        }
    }

    /// There is no `MERGE`.
    fn update_rows(
        &self,
        _session: Option<&Self::Session<'_>>,
        _tables: &[ChainTable<'_>],
    ) -> Result<UpdateRows> {
        Ok(update_in_steps)
    }
}
