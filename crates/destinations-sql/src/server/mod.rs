//! What engines have in common that speak with a server: settings, connections that are kept, and
//! the right to load.

mod config;
mod engine;
mod lock;
mod pool;
#[cfg(feature = "client")]
mod thread;

use std::fmt;

use cartage_destinations_api::{Description, JobFile, Probe, Result, SqlScript, Statement};
use cartage_schema::Table;

use crate::engine::{CommitModel, Datasets, SqlSession};
use crate::statements::merge::{UpdateRows, update_by_merge};
use crate::statements::{Dialect, TableRef};

pub use config::{Config, ServerKeys, unusable};
pub use engine::ServerEngine;
pub use pool::Pooled;
#[cfg(feature = "client")]
pub use thread::ClientThread;

/// A database at a server, and who connects to it. [`ServerEngine`] makes an engine of it.
///
/// Required are the methods without a body. The others say where a database wants something done in another way.
pub trait Server: fmt::Debug + Send + Sync + Sized + 'static {
    /// A connection to the server.
    type Session: ServerSession;

    /// A new connection.
    ///
    /// # Errors
    /// Invalid if the server rejects these credentials, transient if it cannot be reached now.
    fn connect(&self) -> Result<Self::Session>;

    /// How the database spells things.
    fn dialect(&self) -> &dyn Dialect;

    /// The datasets that are loaded into.
    fn datasets(&self) -> &Datasets;

    /// What this is and where, for messages. Never holds a secret.
    fn description(&self, destination_type: &str) -> Description;

    /// What belongs to a transaction.
    fn commit_model(&self) -> CommitModel {
        CommitModel::EVERYTHING
    }

    /// Brings the rows of a Parquet file into a table; see [`SqlEngine::load_file`](crate::SqlEngine::load_file).
    ///
    /// # Errors
    /// As for that.
    fn load_file(
        &self,
        session: &Self::Session,
        target: &TableRef,
        table: &Table,
        job: &JobFile,
    ) -> Result<u64>;

    /// Moves all rows of a table into another one; see [`SqlEngine::move_rows`](crate::SqlEngine::move_rows).
    ///
    /// # Errors
    /// As for that.
    fn move_rows(&self, session: &Self::Session, from: &TableRef, to: &TableRef) -> Result<()> {
        let statements = self.dialect().move_rows(from, to);
        session.transaction(|| {
            statements.into_iter().try_for_each(|sql| {
                session.execute(&Statement::new(format!("move rows into {}", to.table), sql)).map(drop)
            })
        })
    }

    /// The statement that stands for [`load_file`](Self::load_file) where the statements of a load are shown.
    fn load_sql(&self, target: &TableRef, table: &Table) -> String;

    /// Which version answers, where, and as whom: for a check-up.
    ///
    /// # Errors
    /// See [`SqlSession::query`].
    fn who_answers(&self, session: &Self::Session) -> Result<String>;

    /// What is tried after the trial that every database has.
    fn probes_after(engine: &ServerEngine<Self>) -> Vec<Probe<'_>> {
        let _ = engine;
        Vec::new()
    }

    /// The dialect for staged tables, see [`SqlEngine::staged_dialect`](crate::SqlEngine::staged_dialect).
    fn staged_dialect(&self, is_merged: bool) -> &dyn Dialect {
        let _ = is_merged;
        self.dialect()
    }

    /// How known rows are updated.
    fn update_rows(&self) -> UpdateRows {
        update_by_merge
    }

    /// Whether jobs say last that they are done, see [`SqlEngine::claims_last`](crate::SqlEngine::claims_last).
    fn claims_last(&self) -> bool {
        false
    }

    /// What a follow-up needs beforehand, see [`SqlEngine::before_transaction`](crate::SqlEngine::before_transaction).
    ///
    /// # Errors
    /// That of `script`.
    fn before_transaction(&self, script: &dyn Fn() -> Result<SqlScript>) -> Result<SqlScript> {
        let _ = script;
        Ok(SqlScript::default())
    }

    /// What is run before late keys are added, see [`SqlEngine::late_keys`](crate::SqlEngine::late_keys).
    fn late_keys(&self) -> Option<SqlScript> {
        None
    }
}

/// A connection to a server, whose locks end with it.
pub trait ServerSession: SqlSession + fmt::Debug + Send {
    /// The remedy for a lock whose process is gone.
    const FREES_LOCKS: &'static str;

    /// Whether nothing is left of what the connection was used for, so that others may use it.
    fn is_clean(&self) -> bool;

    /// Whether the other side is still there, as far as that is known here.
    fn answers(&self) -> bool;

    /// Takes a lock unless another connection has it. `broke` says that we had it, on a connection that broke, which the
    /// server may not have noticed yet.
    ///
    /// # Errors
    /// See [`SqlSession::query`].
    fn try_lock(&self, name: &str, broke: bool) -> Result<bool>;

    /// Gives a lock up. Where that cannot be done, it ends with the connection.
    fn unlock(&self, name: &str);

    /// Who has a lock, as far as the server tells: words for people, or nothing.
    ///
    /// # Errors
    /// See [`SqlSession::query`].
    fn holder(&self, name: &str) -> Result<String>;
}
