//! What PostgreSQL does in its own way.

use cartage_destinations_api::{ConnectRequest, Description, JobFile, Probe, Result, SqlScript, Statement};
use cartage_destinations_sql::server::{Server, ServerEngine};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_destinations_sql::{Datasets, SqlDestination, SqlEngine as _};
use cartage_schema::Table;

use crate::check;
use crate::client::Session;
use crate::config::{Config, place};
use crate::connector::PostgresConnector;
use crate::copy;
use crate::schema_sql::PostgresDialect;

/// One dataset in a PostgreSQL database.
pub type Postgres = SqlDestination<PostgresEngine>;

/// The server of one destination.
pub type PostgresEngine = ServerEngine<PostgresConnector>;

/// Memory for sorting row ids, where the server allows less by itself, in kilobytes.
const SORT_KILOBYTES: u32 = 256 << 10;

/// Reads the settings. The server is asked by the first call that needs it.
///
/// # Errors
/// Invalid if a setting is unknown, absent or has a value that it cannot have.
pub fn connect(request: &ConnectRequest) -> Result<Postgres> {
    let config = Config::read(request)?;
    let capabilities = config.capabilities("postgres")?;
    Ok(SqlDestination::new(ServerEngine::new(PostgresConnector::new(config), capabilities)))
}

impl Server for PostgresConnector {
    type Session = Session;

    fn connect(&self) -> Result<Session> {
        self.open()
    }

    fn dialect(&self) -> &dyn Dialect {
        &PostgresDialect
    }

    fn datasets(&self) -> &Datasets {
        &self.config().datasets
    }

    fn description(&self, destination_type: &str) -> Description {
        let Config { login, credentials, datasets, .. } = self.config();
        let (host, port) =
            credentials.hosts.first().map_or(("", 5432), |(host, port)| (host.as_str(), *port));
        let look = format!("psql -h {host} -p {port} -U {} {}", login.username, login.database);
        Description::new(destination_type, place(self.config()), &datasets.dataset).look_with(look)
    }

    fn load_file(&self, session: &Session, target: &TableRef, _table: &Table, job: &JobFile) -> Result<u64> {
        copy::copy(session, target, job.local()?, self.config().keys.nul_characters)
    }

    fn load_sql(&self, target: &TableRef, table: &Table) -> String {
        let columns: Vec<&str> = table.complete_columns().map(|column| column.name.as_str()).collect();
        copy::statement(target, &columns, true)
    }

    fn who_answers(&self, session: &Session) -> Result<String> {
        check::who_answers(session, self.config())
    }

    fn probes_after(engine: &PostgresEngine) -> Vec<Probe<'_>> {
        vec![Probe::new("rights", || {
            let session = engine.session()?;
            check::rights(&session, &engine.datasets().dataset)
        })]
    }

    fn late_keys(&self) -> Option<SqlScript> {
        let more_memory = format!(
            "SELECT set_config(name, '{SORT_KILOBYTES}kB', true) FROM pg_catalog.pg_settings \
             WHERE name = 'maintenance_work_mem' AND setting::int < {SORT_KILOBYTES}"
        );
        Some(Statement::new("ask for memory to sort with", more_memory).into())
    }
}
