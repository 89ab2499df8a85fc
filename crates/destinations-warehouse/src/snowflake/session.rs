//! One session at the service: statements, queries and the ends of transactions, as blocking calls.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::server::ServerSession;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

use super::client::{Answer, Failure, Queries, close, heartbeat};
use super::dialect::SnowflakeDialect;
use super::error;
use super::stage::place::Stage;

/// What sessions of one destination share.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) dialect: SnowflakeDialect,
    /// Where files of jobs are put.
    pub(crate) stage: Arc<Stage>,
    /// The dataset that the stage is in, and temporary tables.
    pub(crate) staging: String,
    /// Datasets that this process has made: they go with the last load in flight, others stay.
    pub(crate) made: Arc<Mutex<HashSet<String>>>,
    /// The version that answers.
    pub(crate) version: String,
}

/// After this time without a request a session is asked whether it is still there.
const IDLE: Duration = Duration::from_mins(1);

/// One session, used by one thread at a time.
pub struct Session {
    runtime: Arc<Runtime>,
    queries: Queries,
    about: About,
    /// Whether the session is gone, or what became of a statement of it is not known.
    broken: Cell<bool>,
    /// Whether a transaction may be open.
    pub(crate) in_transaction: Cell<bool>,
    /// Whether the staging dataset is the one of names without dataset.
    pub(crate) has_schema: Cell<bool>,
    used: Cell<Instant>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(runtime: Arc<Runtime>, queries: Queries, about: About) -> Self {
        let [broken, in_transaction, has_schema] = [const { Cell::new(false) }; 3];
        Self { runtime, queries, about, broken, in_transaction, has_schema, used: Cell::new(Instant::now()) }
    }

    pub(crate) fn about(&self) -> &About {
        &self.about
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn queries(&self) -> &Queries {
        &self.queries
    }

    pub(crate) fn spoil(&self) {
        self.broken.set(true);
    }

    /// Runs a statement to its end.
    pub(crate) fn answer(&self, statement: &Statement) -> Result<Answer> {
        let answer = self.runtime.block_on(self.queries.run(statement));
        self.used.set(Instant::now());
        self.judged(&statement.purpose, answer)
    }

    /// Runs a statement whose answer has a form of its own.
    pub(crate) fn ask<T: DeserializeOwned>(&self, statement: &Statement) -> Result<T> {
        let answer = self.runtime.block_on(self.queries.ask(statement));
        self.judged(&statement.purpose, answer)
    }

    fn judged<T>(&self, doing: &str, answer: Result<T, Failure>) -> Result<T> {
        answer.map_err(|failure| {
            if failure.ends_session() {
                self.spoil();
            }
            error::statement(doing, &failure)
        })
    }

    /// Runs a statement without parameters and result.
    pub(crate) fn control(&self, sql: &str, purpose: &str) -> Result<()> {
        self.answer(&Statement::new(purpose, sql)).map(drop)
    }
}

impl ServerSession for Session {
    const FREES_LOCKS: &'static str = "wait until its statements end";

    fn is_clean(&self) -> bool {
        !self.broken.get() && !self.in_transaction.get()
    }

    fn answers(&self) -> bool {
        if self.broken.get() {
            return false;
        }
        if self.used.get().elapsed() < IDLE {
            return true;
        }
        self.used.set(Instant::now());
        let tokens = self.queries.tokens();
        let alive = self.runtime.block_on(heartbeat(self.queries.http(), &tokens)).is_ok();
        if !alive {
            self.spoil();
        }
        alive
    }

    /// The service has no locks beside those of rows in transactions, and a transaction that waits is undone by it. So
    /// all get the lock, and the ledger keeps loads apart: one that takes over deletes the rows that the jobs of
    /// the other one have to update.
    fn try_lock(&self, _name: &str, _broke: bool) -> Result<bool> {
        Ok(true)
    }

    fn unlock(&self, _name: &str) {}

    fn holder(&self, _name: &str) -> Result<String> {
        Ok(String::new())
    }
}

impl Drop for Session {
    /// Ends the session, so that the service undoes at once what is open.
    fn drop(&mut self) {
        let tokens = self.queries.tokens();
        if let Err(failure) = self.runtime.block_on(close(self.queries.http(), &tokens)) {
            tracing::debug!(?failure, "a session ends by itself");
        }
    }
}
