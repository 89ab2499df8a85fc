//! What MySQL and MariaDB do in their own way.

use cartage_destinations_api::{ConnectRequest, Description, JobFile, Result, Statement};
use cartage_destinations_sql::server::{Server, ServerEngine};
use cartage_destinations_sql::statements::merge::{UpdateRows, update_in_steps};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_destinations_sql::{CommitModel, Datasets, SqlDestination, SqlSession as _};
use cartage_schema::Table;
use cartage_sql_client::Login;

use crate::client::Session;
use crate::config::{Config, place};
use crate::connector::MysqlConnector;
use crate::load;

/// One dataset at a server of MySQL or MariaDB.
pub type Mysql = SqlDestination<MysqlEngine>;

/// The server of one destination.
pub type MysqlEngine = ServerEngine<MysqlConnector>;

/// Reads the settings. The server is asked by the first call that needs it.
///
/// # Errors
/// Invalid if a setting is unknown, absent or has a value that it cannot have.
pub fn connect(request: &ConnectRequest) -> Result<Mysql> {
    let config = Config::read(request)?;
    let capabilities = config.capabilities(&request.destination_type)?;
    Ok(SqlDestination::new(ServerEngine::new(MysqlConnector::new(config), capabilities)))
}

impl Server for MysqlConnector {
    type Session = Session;

    fn connect(&self) -> Result<Session> {
        self.new_session()
    }

    fn dialect(&self) -> &dyn Dialect {
        self.mysql_dialect()
    }

    fn datasets(&self) -> &Datasets {
        &self.config().datasets
    }

    fn description(&self, destination_type: &str) -> Description {
        let (Login { host, username, .. }, dataset) = (&self.config().login, &self.datasets().dataset);
        let look =
            format!("mysql -h {host} -P {} -u {username} -p {dataset}", self.config().credentials.port());
        Description::new(destination_type, place(self.config()), dataset).look_with(look)
    }

    fn commit_model(&self) -> CommitModel {
        CommitModel::ROWS_ONLY
    }

    fn load_file(&self, session: &Session, target: &TableRef, table: &Table, job: &JobFile) -> Result<u64> {
        let of_dataset = TableRef::new(&self.datasets().dataset, &table.name);
        load::load(session, target, &of_dataset, table, job.local()?)
    }

    fn load_sql(&self, target: &TableRef, table: &Table) -> String {
        load::statement(self.dialect(), target, table)
    }

    fn who_answers(&self, session: &Session) -> Result<String> {
        let statement = Statement::new("ask for the version", "SELECT version(), current_user()");
        let row = session.query(&statement)?.into_iter().next().unwrap_or_default();
        let (version, user) = (row.text(0)?, row.text(1)?);
        let files = if session.about().takes_files { "" } else { ", without local_infile (slower)" };
        Ok(format!("version {version} at {}, as {user}{files}", place(self.config())))
    }

    fn staged_dialect(&self, is_merged: bool) -> &dyn Dialect {
        if is_merged { self.merged_dialect() } else { self.mysql_dialect() }
    }

    /// There is no `MERGE`.
    fn update_rows(&self) -> UpdateRows {
        update_in_steps
    }
}
