//! What Snowflake does in its own way.

use cartage_destinations_api::{ConnectRequest, Description, JobFile, Result, SqlScript, Statement};
use cartage_destinations_sql::server::{Server, ServerEngine};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_destinations_sql::{CommitModel, Datasets, SqlDestination, SqlSession as _};
use cartage_schema::Table;

use super::config::{Config, account, address};
use super::connector::SnowflakeConnector;
use super::dialect::kept;
use super::session::Session;
use super::stage;

/// One dataset at an account of Snowflake.
pub type Snowflake = SqlDestination<SnowflakeEngine>;

/// The account of one destination.
pub type SnowflakeEngine = ServerEngine<SnowflakeConnector>;

/// Reads the settings. The service is asked by the first call that needs it.
///
/// # Errors
/// Invalid if a setting is unknown, absent or has a value that it cannot have.
pub fn connect(request: &ConnectRequest) -> Result<Snowflake> {
    let config = Config::read(request)?;
    let capabilities = config.capabilities(&request.destination_type)?;
    let connector = SnowflakeConnector::new(config, request.cancel.clone());
    Ok(SqlDestination::new(ServerEngine::new(connector, capabilities)))
}

impl Server for SnowflakeConnector {
    type Session = Session;

    fn connect(&self) -> Result<Session> {
        self.new_session()
    }

    fn dialect(&self) -> &dyn Dialect {
        self.snowflake_dialect()
    }

    fn datasets(&self) -> &Datasets {
        &self.config().datasets
    }

    fn description(&self, destination_type: &str) -> Description {
        let (login, dataset) = (&self.config().login, &self.datasets().dataset);
        let stored = self.snowflake_dialect().stored(dataset);
        let look = format!(
            "snowsql -a {} -u {} -d {} -s {stored}",
            account(self.config()),
            login.username,
            login.database
        );
        let place = format!("{}/{}", address(self.config()), login.database);
        Description::new(destination_type, place, dataset).look_with(look)
    }

    fn commit_model(&self) -> CommitModel {
        CommitModel::ROWS_ONLY
    }

    fn load_file(&self, session: &Session, target: &TableRef, table: &Table, job: &JobFile) -> Result<u64> {
        stage::load(session, self.stage(), target, table, job, || self.new_session())
    }

    fn load_sql(&self, target: &TableRef, table: &Table) -> String {
        self.stage().copy_any(target, table)
    }

    fn who_answers(&self, session: &Session) -> Result<String> {
        let who = Statement::new("ask who this is", "SELECT CURRENT_USER(), CURRENT_ROLE()");
        let row = session.query(&who)?.into_iter().next().unwrap_or_default();
        let (user, role) = (row.text(0)?, row.optional_text(1)?.unwrap_or_else(|| "no role".to_owned()));
        Ok(format!(
            "version {} at {}, as {user} with {role}",
            session.about().version,
            address(self.config())
        ))
    }

    /// While a transaction has changed the ledger, others wait: so that is the last thing that a job does.
    fn claims_last(&self) -> bool {
        true
    }

    /// Temporary tables that the script fills: making one would commit the transaction.
    fn before_transaction(&self, script: &dyn Fn() -> Result<SqlScript>) -> Result<SqlScript> {
        let mut before = SqlScript::default();
        for (name, select) in script()?.statements.iter().filter_map(|statement| kept(&statement.sql)) {
            if before.is_empty() {
                let staging = self.dialect().dataset(&self.datasets().staging);
                before.push("keep temporary tables in the staging dataset", format!("USE SCHEMA {staging}"));
            }
            before.push(
                format!("make {name}, which is filled below"),
                format!("CREATE OR REPLACE TEMPORARY TABLE {name} AS SELECT * FROM ({select}) LIMIT 0"),
            );
        }
        Ok(before)
    }
}
