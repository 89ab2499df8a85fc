//! [`Postgres`]: carries out the plan of a load.

use cartage_destinations_api::sql::Statement;
use cartage_destinations_api::{
    Capabilities, Chain, ConnectRequest, DatasetReader, Description, Destination, Job, JobFile, LoadCommit,
    LoadInFlight, LoadKey, LoadPlan, LoadStatus, PreparedLoad, Preview, Probe, Result, Staging, StateSync,
};

use crate::check;
use crate::config::Config;
use crate::job::PostgresJob;
use crate::lock::LoadLock;
use crate::pool::Pool;
use crate::schema_sql::check_names;

/// One dataset in a PostgreSQL database.
#[derive(Debug)]
pub struct Postgres {
    pub(crate) lock: LoadLock,
    pub(crate) pool: Pool,
    capabilities: Capabilities,
}

impl Postgres {
    /// Reads the settings. The server is asked by the first call that needs it.
    ///
    /// # Errors
    /// Invalid if a setting is unknown, absent or has a value that cannot be.
    pub fn connect(request: &ConnectRequest) -> Result<Self> {
        let config = Config::read(request)?;
        let mut capabilities =
            Capabilities::of("postgres").expect("the api knows postgres").with_settings(&config.common)?;
        capabilities.max_parallel_load_jobs = Some(config.connections);
        Ok(Self { lock: LoadLock::default(), pool: Pool::new(config), capabilities })
    }

    pub(crate) fn dataset(&self) -> &str {
        &self.pool.config().dataset
    }

    pub(crate) fn staging_dataset(&self) -> &str {
        &self.pool.config().staging_dataset
    }
}

impl Destination for Postgres {
    fn description(&self) -> Description {
        let config = self.pool.config();
        let credentials = &config.credentials;
        let place = config.place();
        let (host, port) =
            credentials.hosts.first().map_or(("", 5432), |(host, port)| (host.as_str(), *port));
        let look = format!("psql -h {host} -p {port} -U {} {}", credentials.username, credentials.database);
        Description::new("postgres", place, self.dataset()).look_with(look)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        let session = self.pool.session()?;
        // The commit clears the ledger, so a load with entries is not complete.
        if !session.entries(self.staging_dataset(), load)?.is_empty() {
            return Ok(LoadStatus::Started);
        }
        let complete = self.is_complete(&session, load)?;
        Ok(if complete { LoadStatus::Complete } else { LoadStatus::New })
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        check_names(plan, self.dataset(), self.staging_dataset())?;
        self.lock.acquire(&self.pool, &plan.key)?;
        let session = self.pool.session()?;
        self.begin(&session, plan)?;
        self.drop_tables(&session, plan)?;
        self.widen(&session, plan)?;
        let changes = self.migrate(&session, plan)?;
        self.truncate(&session, plan)?;
        Ok(changes)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        self.capabilities.file_format(Some(job.format))?;
        Ok(Box::new(PostgresJob::copy(self, plan, job)?))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        self.lock.acquire(&self.pool, &commit.key)?;
        let session = self.pool.session()?;
        self.add_row_keys(&session, commit)?;
        session.transaction(|| self.commit(&session, commit))?;
        if let Err(error) = self.tidy(&session) {
            // The load is complete; the next one tidies up.
            tracing::debug!(%error, "the staging dataset could not be removed");
        }
        self.lock.release();
        Ok(())
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        check::probes(self)
    }

    fn loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        check::loads_in_flight(self)
    }

    fn staging(&self) -> Option<&dyn Staging> {
        Some(self)
    }

    fn preview(&self) -> Option<&dyn Preview> {
        Some(self)
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        Some(self)
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        Some(self)
    }
}

impl Staging for Postgres {
    fn open_follow_up<'a>(&'a self, plan: &'a LoadPlan, chain: &'a Chain) -> Result<Box<dyn Job + 'a>> {
        Ok(Box::new(PostgresJob::follow_up(self, plan, chain)?))
    }
}

/// A statement without parameters that nobody reads.
pub(crate) fn plain(purpose: impl Into<String>, sql: String) -> Statement {
    Statement::new(purpose, sql)
}
