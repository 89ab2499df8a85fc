//! Statements of one thread, and its transactions.
//!
//! Statements that change something are jobs with ids of ours. A transaction is one of a session of the service, which is
//! begun with the first one and goes on to the next; what is abandoned there the service rolls back.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::Row;
use cartage_destinations_sql::server::ServerSession;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::api::Api;
use super::dialect::BigQueryDialect;
use super::error::Fault;
use super::jobs::Job;
use super::query::of_statement;
use super::turn::{Turn, Turns};

/// What a thread does at the service.
pub struct Session {
    runtime: Arc<Runtime>,
    api: Arc<Api>,
    dialect: BigQueryDialect,
    turns: Arc<Turns>,
    /// The session of the service, where one was begun.
    id: RefCell<Option<String>>,
    /// There while a transaction is open.
    turn: RefCell<Option<Turn>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new(
        runtime: Arc<Runtime>,
        api: Arc<Api>,
        dialect: BigQueryDialect,
        turns: Arc<Turns>,
    ) -> Self {
        Self { runtime, api, dialect, turns, id: RefCell::default(), turn: RefCell::default() }
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    pub(super) fn dialect(&self) -> &BigQueryDialect {
        &self.dialect
    }

    /// Waits for an answer.
    pub(super) fn wait<T>(&self, asking: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.runtime.block_on(asking)
    }

    /// The session of the service that the open transaction is in.
    fn in_transaction(&self) -> Option<String> {
        if self.turn.borrow().is_some() { self.id.borrow().clone() } else { None }
    }

    /// Runs a statement as a job.
    pub(super) fn run_statement(&self, statement: &Statement) -> Result<Job> {
        let query = of_statement(statement, self.in_transaction().as_deref());
        self.run_query(&query).map_err(|fault| fault.error(&statement.purpose))
    }

    fn run_query(&self, query: &Map<String, Value>) -> Result<Job, Fault> {
        self.wait(self.api.run_job(&new_id(), &json!({ "query": query })))
    }

    pub(super) fn all_rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        let session = self.in_transaction();
        self.wait(self.api.rows(statement, session.as_deref()))
            .map_err(|fault| fault.error(&statement.purpose))
    }

    pub(super) fn begin_transaction(&self) -> Result<()> {
        let turn = self.turns.take();
        let statement = Statement::new("begin a transaction", "BEGIN TRANSACTION");
        let known = self.id.borrow().clone();
        let mut query = of_statement(&statement, known.as_deref());
        if known.is_none() {
            query.insert("createSession".to_owned(), true.into());
        }
        let job = self.run_query(&query).map_err(|fault| {
            // The session may have ended since the last transaction.
            self.id.replace(None);
            fault.error(&statement.purpose)
        })?;
        if known.is_none() {
            let id = job.session().ok_or_else(|| {
                Fault::unreachable("the service began no session").error(&statement.purpose)
            })?;
            self.id.replace(Some(id));
        }
        self.turn.replace(Some(turn));
        Ok(())
    }

    pub(super) fn commit_transaction(&self) -> Result<()> {
        self.run_statement(&Statement::new("commit", "COMMIT TRANSACTION"))?;
        self.turn.replace(None);
        Ok(())
    }

    /// Undoes the open transaction and ends the session of the service, which does both by itself where it cannot be
    /// reached.
    pub(super) fn give_up(&self) {
        let roll_back = Statement::new("undo the transaction", "ROLLBACK TRANSACTION");
        if self.in_transaction().is_some()
            && let Err(error) = self.run_statement(&roll_back)
        {
            tracing::debug!(%error, "the service ends the transaction with its session");
        }
        self.end_session();
        self.turn.replace(None);
    }

    /// Ends the session of the service, which would keep it for a day.
    fn end_session(&self) {
        let Some(id) = self.id.take() else { return };
        let abort = of_statement(&Statement::new("end the session", "CALL BQ.ABORT_SESSION()"), Some(&id));
        let document = self.api.job_document(&new_id(), &json!({ "query": abort }));
        if let Err(fault) = self.wait(self.api.tell(&self.api.jobs_path(&["jobs"]), &document)) {
            tracing::debug!(reason = fault.message, "the service ends the session by itself");
        }
    }
}

/// An id for a job that no other one has.
fn new_id() -> String {
    format!("cartage_{}", Uuid::new_v4().simple())
}

impl Drop for Session {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// There are no locks: two loads of a pipeline meet in the ledger.
impl ServerSession for Session {
    const FREES_LOCKS: &'static str = "";

    fn is_clean(&self) -> bool {
        self.turn.borrow().is_none()
    }

    fn answers(&self) -> bool {
        true
    }

    fn try_lock(&self, _name: &str, _broke: bool) -> Result<bool> {
        Ok(true)
    }

    fn unlock(&self, _name: &str) {}

    fn holder(&self, _name: &str) -> Result<String> {
        Ok(String::new())
    }
}
