//! Makes connections to one server.

use cartage_destinations_api::{Result, Seconds};
use cartage_destinations_sql::server::ClientThread;
use cartage_sql_client::mysql;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::client::{About, Session};
use crate::config::Config;
use crate::error;
use crate::schema_sql::MysqlDialect;

/// Strict in every respect: a value that does not fit is an error, and a day is one of the calendar.
const SETTINGS: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,\
                        ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'";
/// The default also locks the gaps between rows, for which concurrent jobs would wait.
const ISOLATION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
/// Texts are compared byte by byte.
const CHARSET: &str = "SET NAMES utf8mb4 COLLATE utf8mb4_bin";
/// Rows of a load are looked up by sets and hashes, never one by one without an index: what the optimizer believes of
/// tables that were filled just now is wrong. Each is known to either MariaDB or MySQL.
const LOOK_UPS: [&str; 3] = [
    "SET SESSION optimizer_switch = 'in_to_exists=off'",
    "SET SESSION join_cache_level = 8",
    "SET SESSION optimizer_switch = 'subquery_materialization_cost_based=off'",
];
/// Numbers of errors: there is no such variable, or it cannot be set to that.
const UNKNOWN: [u16; 2] = [1193, 1231];
const ABOUT: &str = "SELECT @@max_allowed_packet, @@local_infile, @@lower_case_table_names";

/// Who connects, and the thread that serves the connections.
#[derive(Debug)]
pub struct MysqlConnector {
    config: Config,
    dialect: MysqlDialect,
    merged_dialect: MysqlDialect,
    thread: ClientThread,
}

impl MysqlConnector {
    pub(crate) fn new(config: Config) -> Self {
        let dialect = MysqlDialect::default();
        let merged_dialect = dialect.of_merged();
        Self { config, dialect, merged_dialect, thread: ClientThread::new("mysql") }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn mysql_dialect(&self) -> &MysqlDialect {
        &self.dialect
    }

    /// The same for staged tables whose rows are merged.
    pub(crate) fn merged_dialect(&self) -> &MysqlDialect {
        &self.merged_dialect
    }

    /// A new connection that is set up.
    pub(crate) fn new_session(&self) -> Result<Session> {
        let runtime = self.thread.runtime()?;
        let Config { login, credentials, .. } = &self.config;
        let connecting = mysql::connect(login, credentials);
        let mut conn = runtime.block_on(connecting).map_err(|cause| error::connect(&self.config, &cause))?;
        let about = runtime
            .block_on(self.set_up(&mut conn))
            .map_err(|cause| error::statement("set up the session", &cause))?;
        Ok(Session::new(runtime, conn, about))
    }

    async fn set_up(&self, conn: &mut Conn) -> mysql_async::Result<About> {
        for sql in [SETTINGS, ISOLATION, CHARSET] {
            conn.query_drop(sql).await?;
        }
        for sql in LOOK_UPS {
            match conn.query_drop(sql).await {
                Err(mysql_async::Error::Server(error)) if UNKNOWN.contains(&error.code) => {}
                set => set?,
            }
        }
        let lock_timeout = self.config.server.lock_timeout.map(|Seconds(limit)| limit.as_secs().max(1));
        if let Some(seconds) = lock_timeout {
            let sql =
                format!("SET SESSION innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}");
            conn.query_drop(sql).await?;
        }
        let about: Option<(u64, u64, u64)> = conn.query_first(ABOUT).await?;
        let (longest, takes_files, folds_tables) = about.unwrap_or_default();
        self.dialect.set_folds_tables(folds_tables != 0);
        Ok(About {
            dialect: self.dialect.clone(),
            longest_statement: usize::try_from(longest).unwrap_or(usize::MAX),
            takes_files: takes_files != 0,
            lock_timeout,
        })
    }
}
