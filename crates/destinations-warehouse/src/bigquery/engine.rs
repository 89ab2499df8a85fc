//! What BigQuery does in its own way.

use std::sync::Arc;

use cartage_destinations_api::{
    Capabilities, ConnectRequest, Description, Error, IdentifierCase, JobFile, Result, Statement,
};
use cartage_destinations_sql::server::{ClientThread, Server, ServerEngine};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_destinations_sql::{CommitModel, Datasets, SqlDestination, SqlSession as _};
use cartage_schema::Table;

use super::api::Api;
use super::config::Config;
use super::dialect::BigQueryDialect;
use super::load;
use super::session::Session;
use super::turn::Turns;

/// One dataset of BigQuery.
pub type BigQuery = SqlDestination<BigQueryEngine>;

/// The service as one destination uses it.
pub type BigQueryEngine = ServerEngine<BigQueryConnector>;

/// Reads the settings. The service is asked by the first call that needs it.
///
/// # Errors
/// Invalid if a setting is unknown, absent or has a value that it cannot have.
pub fn connect(request: &ConnectRequest) -> Result<BigQuery> {
    let config = Config::read(request)?;
    let kind = &request.destination_type;
    let unknown = || Error::invalid(format!("type '{kind}' is not known"));
    let mut capabilities = Capabilities::of(kind).ok_or_else(unknown)?.with_settings(&config.common)?;
    capabilities.jobs.max_parallel_load_jobs = config.connections.map(std::num::NonZeroUsize::get);
    if !config.case_sensitive {
        capabilities.names.identifier_case = IdentifierCase::Insensitive;
    }
    Ok(SqlDestination::new(ServerEngine::new(BigQueryConnector::new(config)?, capabilities)))
}

/// Who asks, and the thread on which answers are waited for.
#[derive(Debug)]
pub struct BigQueryConnector {
    api: Arc<Api>,
    dialect: BigQueryDialect,
    thread: ClientThread,
    turns: Arc<Turns>,
}

impl BigQueryConnector {
    fn new(config: Config) -> Result<Self> {
        let dialect = BigQueryDialect::new(&config.project, &config.location, config.case_sensitive);
        let api = Api::new(config).map_err(|cause| {
            Error::invalid(format!("cannot make a client of BigQuery: {cause}"))
                .with_remedy("install the certificates that this machine trusts (ca-certificates)")
        })?;
        let (thread, turns) = (ClientThread::new("bigquery"), Arc::default());
        Ok(Self { api: Arc::new(api), dialect, thread, turns })
    }
}

impl Server for BigQueryConnector {
    type Session = Session;

    fn connect(&self) -> Result<Session> {
        let (runtime, api) = (self.thread.runtime()?, Arc::clone(&self.api));
        Ok(Session::new(runtime, api, self.dialect.clone(), Arc::clone(&self.turns)))
    }

    fn dialect(&self) -> &dyn Dialect {
        &self.dialect
    }

    fn datasets(&self) -> &Datasets {
        &self.api.config.datasets
    }

    fn description(&self, destination_type: &str) -> Description {
        let (project, dataset) = (&self.api.config.project, &self.datasets().dataset);
        Description::new(destination_type, format!("project {project}"), dataset)
            .look_with(format!("bq ls {project}:{dataset}"))
    }

    fn commit_model(&self) -> CommitModel {
        CommitModel { ddl: false, bulk: false, rows: true }
    }

    fn load_file(&self, session: &Session, target: &TableRef, table: &Table, job: &JobFile) -> Result<u64> {
        load::load(session, target, table, job)
    }

    fn load_sql(&self, target: &TableRef, _table: &Table) -> String {
        format!(
            "LOAD DATA OVERWRITE {} FROM FILES (format = 'PARQUET', uris = ['rows.parquet'])",
            self.dialect.qualified(target)
        )
    }

    fn who_answers(&self, session: &Session) -> Result<String> {
        let rows = session.query(&Statement::new("ask who this is", "SELECT SESSION_USER()"))?;
        let user = rows.first().map(|row| row.text(0)).transpose()?.unwrap_or_default();
        let Config { project, billed, location, .. } = &self.api.config;
        let billed = if billed == project { String::new() } else { format!(", jobs in project {billed}") };
        Ok(format!("project {project} in {location}, as {user}{billed}"))
    }
}
