//! How much of a step is one transaction: what the commit model of the engine says.
//!
//! Where a statement that changes tables commits by itself, a step can end after any of its statements. Each of them
//! then changes nothing when it is repeated, and the ledger is updated last, in a statement of its own.

use cartage_destinations_api::{LoadPlan, Result, SqlScript, ledger as entries};

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::ledger::{self, EntryState};

impl<E: SqlEngine> SqlDestination<E> {
    /// Whether a statement that changes tables commits what was done before it.
    pub(crate) fn ddl_commits(&self) -> bool {
        !self.engine().commit_model().ddl
    }

    /// Runs `work` while no other session changes what the dataset has in common: in one transaction where that can
    /// hold everything, else statement by statement.
    pub(crate) fn alone<T>(&self, session: &E::Session<'_>, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let staging = &self.datasets().staging;
        if !self.ddl_commits() {
            return session.transaction(|| {
                session.lock_dataset(staging)?;
                work()
            });
        }
        session.lock_dataset(staging)?;
        let result = work();
        session.unlock_dataset(staging);
        result
    }

    /// Runs `work` in a transaction while no other session does the same under `name`.
    pub(crate) fn one_at_a_time<T>(
        &self,
        session: &E::Session<'_>,
        name: &str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if !self.ddl_commits() {
            return session.transaction(|| {
                session.lock_dataset(name)?;
                work()
            });
        }
        // Before the transaction, which sees what was there when it first read.
        session.lock_dataset(name)?;
        let result = self.rows_of_step(session, work);
        session.unlock_dataset(name);
        result
    }

    /// Runs the part of a step that changes rows only: a transaction of its own where the step is none, and there are
    /// transactions.
    pub(crate) fn rows_of_step<T>(
        &self,
        session: &E::Session<'_>,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if self.ddl_commits() && self.holds_rows() { session.transaction(work) } else { work() }
    }

    /// Runs `script`, which changes tables, as part of a step, unless its entry in the ledger is done.
    pub(crate) fn do_once(
        &self,
        session: &E::Session<'_>,
        plan: &LoadPlan,
        entry: &str,
        script: &SqlScript,
    ) -> Result<()> {
        if !self.ddl_commits() {
            return if self.claim(session, plan, entry)? { session.run(script).map(drop) } else { Ok(()) };
        }
        if self.is_planned(session, plan, entry)? {
            session.run(script)?;
            self.claim(session, plan, entry)?;
        }
        Ok(())
    }

    /// Whether an entry of the load is there and not done, and the load not stopped.
    pub(crate) fn is_planned(&self, session: &E::Session<'_>, plan: &LoadPlan, entry: &str) -> Result<bool> {
        let state = |entry| {
            let state = ledger::state(self.dialect(), &self.datasets().staging, &plan.key, entry);
            let rows = session.query(&state)?;
            rows.first().map(|row| row.int(0).map(EntryState::of)).transpose()
        };
        // Loads are stopped one entry after the other only where there are no transactions.
        let goes_on = self.holds_rows() || state(entries::BEGUN)?.is_some();
        Ok(goes_on && state(entry)? == Some(EntryState::Planned))
    }
}
