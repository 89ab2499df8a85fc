//! What ClickHouse does in its own way.

use std::sync::{Arc, OnceLock};

use cartage_destinations_api::{ConnectRequest, Description, JobFile, Result, Statement};
use cartage_destinations_sql::server::{ClientThread, Server, ServerEngine};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_destinations_sql::{CommitModel, Datasets, SqlDestination, SqlSession as _};
use cartage_schema::Table;

use crate::client::Client;
use crate::config::{self, Config, address};
use crate::dialect::ClickHouseDialect;
use crate::lease;
use crate::load;
use crate::session::Session;

/// Tables have not the same columns.
const OTHER_COLUMNS: i32 = 122;

/// One dataset in a database of ClickHouse.
pub type ClickHouse = SqlDestination<ClickHouseEngine>;

/// The server of one destination.
pub type ClickHouseEngine = ServerEngine<ClickHouseServer>;

/// Who connects, and the thread that serves the requests.
#[derive(Debug)]
pub struct ClickHouseServer {
    config: Config,
    dialect: ClickHouseDialect,
    client: OnceLock<Client>,
    thread: ClientThread,
}

/// Reads the settings. The server is asked by the first call that needs it.
///
/// # Errors
/// Invalid if a setting is unknown, absent or has a value that it cannot have.
pub fn connect(request: &ConnectRequest) -> Result<ClickHouse> {
    let config = Config::read(request)?;
    config::check_url(&config)?;
    let capabilities = config.capabilities(&request.destination_type)?;
    let dialect = ClickHouseDialect::new(&config);
    let thread = ClientThread::new("clickhouse");
    let server = ClickHouseServer { config, dialect, client: OnceLock::new(), thread };
    Ok(SqlDestination::new(ServerEngine::new(server, capabilities)))
}

impl ClickHouseServer {
    fn client(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = Client::new(self.thread.runtime()?, &self.config, Arc::from(lease::process()))?;
        Ok(self.client.get_or_init(|| made))
    }

    /// Copies the rows that are left in `from` into a table with the columns that `to` has by now, which takes its
    /// place.
    fn adapt(&self, session: &Session, from: &TableRef, to: &TableRef) -> Result<()> {
        let dialect = &self.dialect;
        let adapted = TableRef::new(&from.dataset, format!("{}__adapted", from.table));
        let names: Vec<String> = session.columns(from)?.into_iter().map(|(name, _)| name).collect();
        let names = dialect.column_list(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let [from, made] = [from, &adapted].map(|table| dialect.qualified(table));
        let purpose = "adapt rows to new columns";
        for sql in [
            format!("DROP TABLE IF EXISTS {made}"),
            dialect.create_like(&adapted, to),
            format!("INSERT INTO {made} ({names}) SELECT {names} FROM {from}"),
            format!("EXCHANGE TABLES {made} AND {from}"),
            format!("DROP TABLE {made}"),
        ] {
            session.run_sql(purpose, sql)?;
        }
        Ok(())
    }
}

impl Server for ClickHouseServer {
    type Session = Session;

    fn connect(&self) -> Result<Session> {
        Ok(Session::new(self.client()?.clone(), self.dialect.clone()))
    }

    fn dialect(&self) -> &dyn Dialect {
        &self.dialect
    }

    fn datasets(&self) -> &Datasets {
        &self.config.datasets
    }

    fn description(&self, destination_type: &str) -> Description {
        let (place, dataset) = (address(&self.config), &self.datasets().dataset);
        let look = format!(
            "clickhouse-client --host {} --user {} --password --database {}",
            self.config.login.host, self.config.login.username, self.config.login.database
        );
        Description::new(destination_type, place, dataset).look_with(look)
    }

    fn commit_model(&self) -> CommitModel {
        CommitModel::NOTHING
    }

    fn load_file(&self, session: &Session, target: &TableRef, table: &Table, job: &JobFile) -> Result<u64> {
        load::load(session, target, table, job)
    }

    /// Links the parts of `from` into `to`, all partitions in one statement.
    fn move_rows(&self, session: &Session, from: &TableRef, to: &TableRef) -> Result<()> {
        let [from_name, to_name] = [from, to].map(|table| self.dialect.qualified(table));
        let purpose = format!("move rows into {}", to.table);
        let partitions = Statement::new(&purpose, format!("SELECT DISTINCT _partition_id FROM {from_name}"));
        let partitions = session.query(&partitions)?;
        if partitions.is_empty() {
            return Ok(());
        }
        let moves = partitions
            .iter()
            .map(|row| Ok(format!("MOVE PARTITION ID '{}' TO TABLE {to_name}", row.text(0)?)));
        let moves = moves.collect::<Result<Vec<_>>>()?.join(", ");
        let sql = format!("ALTER TABLE {from_name} {moves}");
        if session.client().run_unless(&purpose, sql.clone(), OTHER_COLUMNS)? {
            return Ok(());
        }
        self.adapt(session, from, to)?;
        session.run_sql(purpose, sql)
    }

    fn load_sql(&self, target: &TableRef, table: &Table) -> String {
        load::statement(&self.dialect, target, table)
    }

    fn who_answers(&self, session: &Session) -> Result<String> {
        let statement = Statement::new("ask for the version", "SELECT version(), currentUser()");
        let row = session.query(&statement)?.into_iter().next().unwrap_or_default();
        Ok(format!("version {} at {}, as {}", row.text(0)?, address(&self.config), row.text(1)?))
    }
}
