//! [`ServerEngine`]: an engine made of a server.

use cartage_destinations_api::{
    Capabilities, Description, Error, FileFormat, JobFile, LoadKey, Probe, Result, SqlScript, Statement,
};
use cartage_schema::Table;

use super::Server;
use super::lock::LoadLock;
use super::pool::{Pool, Pooled};
use crate::engine::{CommitModel, Datasets, SqlEngine};
use crate::statements::merge::UpdateRows;
use crate::statements::{ChainTable, Dialect, TableRef};

/// The server of one destination, with the connections to it.
#[derive(Debug)]
pub struct ServerEngine<S: Server> {
    // Its connection ends before those of the pool and what serves them.
    lock: LoadLock<S::Session>,
    pool: Pool<S>,
    capabilities: Capabilities,
}

impl<S: Server> ServerEngine<S> {
    /// An engine that has not connected yet.
    pub fn new(server: S, capabilities: Capabilities) -> Self {
        Self { lock: LoadLock::default(), pool: Pool::new(server), capabilities }
    }
}

impl<S: Server> SqlEngine for ServerEngine<S> {
    type Session<'a> = Pooled<'a, S>;

    fn dialect(&self) -> &dyn Dialect {
        self.pool.server().dialect()
    }

    fn datasets(&self) -> &Datasets {
        self.pool.server().datasets()
    }

    fn description(&self) -> Description {
        self.pool.server().description(&self.capabilities.destination)
    }

    fn commit_model(&self) -> CommitModel {
        self.pool.server().commit_model()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn session(&self) -> Result<Pooled<'_, S>> {
        self.pool.session()
    }

    fn load_file(
        &self,
        session: &Pooled<'_, S>,
        target: &TableRef,
        table: &Table,
        job: &JobFile,
    ) -> Result<u64> {
        self.pool.server().load_file(session, target, table, job)
    }

    fn move_rows(&self, session: &Pooled<'_, S>, from: &TableRef, to: &TableRef) -> Result<()> {
        self.pool.server().move_rows(session, from, to)
    }

    fn load_statement(&self, target: &TableRef, table: &Table, job: &JobFile) -> Result<Statement> {
        if job.format != FileFormat::Parquet {
            let name = &self.capabilities.destination;
            return Err(Error::invalid(format!("{name} cannot load {} files", job.format)));
        }
        let purpose = format!("insert {} into table {}, of the columns those in the file", job.id, job.table);
        Ok(Statement::new(purpose, self.pool.server().load_sql(target, table)))
    }

    fn probes(&self) -> (Vec<Probe<'_>>, Vec<Probe<'_>>) {
        let connect = || self.pool.server().who_answers(&*self.session()?);
        (vec![Probe::new("connect", connect)], S::probes_after(self))
    }

    /// Holds a lock of the server for the pipeline and dataset.
    fn begin_work(&self, load: &LoadKey) -> Result<()> {
        self.lock.acquire(self.pool.server(), load, &self.datasets().dataset)
    }

    fn end_work(&self) {
        self.lock.release();
    }

    fn staged_dialect(&self, is_merged: bool) -> &dyn Dialect {
        self.pool.server().staged_dialect(is_merged)
    }

    fn update_rows(
        &self,
        _session: Option<&Pooled<'_, S>>,
        _tables: &[ChainTable<'_>],
    ) -> Result<UpdateRows> {
        Ok(self.pool.server().update_rows())
    }

    fn claims_last(&self) -> bool {
        self.pool.server().claims_last()
    }

    fn before_transaction(&self, script: &dyn Fn() -> Result<SqlScript>) -> Result<SqlScript> {
        self.pool.server().before_transaction(script)
    }

    fn late_keys(&self) -> Option<SqlScript> {
        self.pool.server().late_keys()
    }
}
