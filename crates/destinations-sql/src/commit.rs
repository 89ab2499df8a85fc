//! The last step: the load is recorded, and what was kept for it is gone.

use cartage_destinations_api::{LoadCommit, LoadKey, Result, Statement, system, taken_over};

use crate::destination::SqlDestination;
use crate::engine::{LedgerAccess, SqlEngine, SqlSession};
use crate::statements::ledger::{self, EntryState};
use crate::statements::{TableRef, system_rows};

impl<E: SqlEngine> SqlDestination<E> {
    /// Records a load as complete, and forgets what is kept for it.
    pub(crate) fn commit(&self, session: &E::Session<'_>, commit: &LoadCommit) -> Result<()> {
        self.alone(session, || {
            let entries = self.entries(session, &commit.key)?;
            if self.ddl_commits() && !entries.is_empty() {
                // All jobs have ended. As long as the ledger names the tables, the next load drops them.
                self.check_base(session, commit)?;
                self.drop_staged_there(session, &entries)?;
            }
            self.rows_of_step(session, || self.record(session, commit, &entries))
        })
    }

    fn check_base(&self, session: &E::Session<'_>, commit: &LoadCommit) -> Result<()> {
        commit.base.check(&commit.key, self.stored_state(session, &commit.key.pipeline)?.as_ref())
    }

    fn record(
        &self,
        session: &E::Session<'_>,
        commit: &LoadCommit,
        entries: &[(String, EntryState)],
    ) -> Result<()> {
        let (dataset, staging) = (&self.datasets().dataset, &self.datasets().staging);
        let hold = ledger::hold(self.dialect(), staging, &commit.key, commit.now_micros);
        if entries.is_empty() || session.execute(&hold)? == 0 {
            let is_complete = self.is_complete(session, &commit.key)?;
            return if is_complete { Ok(()) } else { Err(taken_over(&commit.key)) };
        }
        self.check_base(session, commit)?;
        session.execute(&system_rows::record_load(
            self.dialect(),
            dataset,
            &commit.key,
            &commit.schema,
            commit.now_micros,
        ))?;
        if !self.ddl_commits() {
            session.run(&self.drop_staged(entries))?;
        }
        session.execute(&ledger::forget(self.dialect(), staging, &commit.key)).map(drop)
    }

    pub(crate) fn is_complete(&self, session: &E::Session<'_>, load: &LoadKey) -> Result<bool> {
        let dataset = &self.datasets().dataset;
        if !session.has_table(dataset, system::LOADS_TABLE)? {
            return Ok(false);
        }
        session.has_row(&system_rows::completed_load(self.dialect(), dataset, load))
    }

    /// Empties the tables of the staging dataset that other programs have left there.
    pub(crate) fn empty_staged(&self, session: &E::Session<'_>, commit: &LoadCommit) -> Result<()> {
        let staging = &self.datasets().staging;
        for table in &commit.empty_staged {
            if session.has_table(staging, table)? {
                let empty = self.dialect().empty_table(&TableRef::new(staging, table));
                session.execute(&Statement::new(format!("empty the staged table {table}"), empty))?;
            }
        }
        Ok(())
    }

    /// Removes the ledger and the staging dataset where nothing is in flight any more. Another load that is at work
    /// keeps them; it removes them at its own end. They stay where we could not make them again.
    pub(crate) fn tidy(&self, session: &E::Session<'_>) -> Result<()> {
        let Some(_alone) = self.engine().guard_ledger(LedgerAccess::TryExclusive)? else { return Ok(()) };
        let staging = &self.datasets().staging;
        let remove = |with_dataset: bool| {
            self.alone(session, || {
                if !session.may_create_datasets()? {
                    return Ok(());
                }
                if session.has_table(staging, ledger::TABLE)? {
                    if session.has_row(&ledger::any(self.dialect(), staging))? {
                        return Ok(());
                    }
                    session.execute(&ledger::drop(self.dialect(), staging))?;
                }
                if with_dataset { session.drop_empty_dataset(staging) } else { Ok(()) }
            })
        };
        // Where something else is in the dataset, it stays.
        remove(true).or_else(|_| remove(false))
    }
}
