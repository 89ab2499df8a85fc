//! Jobs: a file into a table, and the follow-up of a chain. Each is one transaction with its ledger entry, but for
//! swapping tables where that commits by itself.

use cartage_destinations_api::{
    Chain, Error, ErrorKind, Job, JobFile, JobOutcome, LoadPlan, Result, ledger as entries, taken_over,
};
use cartage_schema::Table;

use crate::destination::SqlDestination;
use crate::engine::{LedgerAccess, SqlEngine, SqlSession};
use crate::statements::ledger::{self, EntryState};
use crate::statements::{ChainTable, TableRef};
use crate::swap::swaps;
use crate::targets::schema_table;

/// One piece of work that happens once per load.
pub(crate) struct SqlJob<'a, E> {
    destination: &'a SqlDestination<E>,
    plan: &'a LoadPlan,
    entry: String,
    work: Work<'a>,
}

enum Work<'a> {
    Insert { job: &'a JobFile, target: TableRef, table: &'a Table },
    FollowUp { chain: &'a Chain, tables: Vec<ChainTable<'a>> },
}

impl<'a, E: SqlEngine> SqlJob<'a, E> {
    /// The rows of a file into its table, or into the table's staged twin.
    pub(crate) fn insert(
        destination: &'a SqlDestination<E>,
        plan: &'a LoadPlan,
        job: &'a JobFile,
    ) -> Result<Self> {
        let target = destination.target(plan, &job.table)?;
        let table = schema_table(plan, &job.table)?;
        // Refuses a format before anything is done.
        destination.engine().load_statement(&target, table, job)?;
        let work = Work::Insert { job, target, table };
        Ok(Self { destination, plan, entry: entries::job_entry(&job.id), work })
    }

    /// What turns the staged rows of a chain into rows of the dataset.
    pub(crate) fn follow_up(
        destination: &'a SqlDestination<E>,
        plan: &'a LoadPlan,
        chain: &'a Chain,
    ) -> Result<Self> {
        let work = Work::FollowUp { chain, tables: destination.chained(plan, chain)? };
        Ok(Self { destination, plan, entry: entries::follow_up_entry(&chain.root), work })
    }

    fn work(&self, session: &E::Session<'_>) -> Result<JobOutcome> {
        let destination = self.destination;
        let claims_last = self.is_claimed_last();
        let is_ours = if claims_last {
            destination.is_planned(session, self.plan, &self.entry)?
        } else {
            destination.claim(session, self.plan, &self.entry)?
        };
        if !is_ours {
            return self.not_claimed(session);
        }
        let rows = match &self.work {
            Work::Insert { job, target, table } if destination.engine().commit_model().bulk => {
                destination.engine().load_file(session, target, table, job)?
            }
            Work::Insert { job, target, table } => {
                let from = destination.file_table(&self.plan.key, &job.id);
                session.run(&destination.insert_from_file(&from, target, table, job)?)?
            }
            Work::FollowUp { chain, tables } => {
                session.run(&destination.follow_up_script(self.plan, chain, tables, Some(session))?)?
            }
        };
        if claims_last && !destination.claim(session, self.plan, &self.entry)? {
            // The error undoes the rows; the next attempt sees what has become of the entry.
            return Err(Error::transient(format!("'{}' was done by another process meanwhile", self.entry)));
        }
        Ok(JobOutcome::Done { rows })
    }

    /// Whether the entry is claimed after the work. A merge is claimed first, so that others wait for its end.
    fn is_claimed_last(&self) -> bool {
        matches!(self.work, Work::Insert { .. }) && self.destination.engine().claims_last()
    }

    /// Loads a file into its own table, and its rows from there.
    fn insert_in_steps(&self, session: &E::Session<'_>, job: &JobFile, table: &Table) -> Result<JobOutcome> {
        let destination = self.destination;
        if !destination.is_planned(session, self.plan, &self.entry)? {
            return self.not_claimed(session);
        }
        let from = destination.file_table(&self.plan.key, &job.id);
        let done = destination
            .fill(session, &from, table, job)
            .and_then(|()| session.transaction(|| self.work(session)));
        if let Err(error) = session.run(&destination.drop_file_table(&from, job)) {
            tracing::debug!(%error, "the commit drops the table of a file");
        }
        done
    }

    /// Loads a file into the table of the job, and moves its rows from there.
    fn insert_by_moving(
        &self,
        session: &E::Session<'_>,
        job: &JobFile,
        target: &TableRef,
        table: &Table,
    ) -> Result<JobOutcome> {
        let destination = self.destination;
        let is_planned = || destination.is_planned(session, self.plan, &self.entry);
        if !is_planned()? {
            return self.not_claimed(session);
        }
        let written = destination.file_table(&self.plan.key, &job.id);
        let rows = if session.has_table(&written.dataset, &written.table)? {
            destination.count(session, &written)?
        } else {
            destination.write(session, (&written, target), table, job, is_planned)?
        };
        if !is_planned()? {
            return self.not_claimed(session);
        }
        destination.engine().move_rows(session, &written, target)?;
        destination.claim(session, self.plan, &self.entry)?;
        Ok(JobOutcome::Done { rows })
    }

    /// Finishes a chain whose new rows arrive in tables of their own, and moves them from there.
    fn follow_up_by_moving(
        &self,
        session: &E::Session<'_>,
        chain: &Chain,
        tables: &[ChainTable<'_>],
    ) -> Result<JobOutcome> {
        let destination = self.destination;
        if !destination.is_planned(session, self.plan, &self.entry)? {
            return self.not_claimed(session);
        }
        let mut script = destination.make_arrivals(tables);
        script.extend(destination.follow_up_script(self.plan, chain, tables, Some(session))?);
        destination.do_once(session, self.plan, &entries::prepared_entry(&chain.root), &script)?;
        for table in tables {
            destination.engine().move_rows(session, &table.arrivals, &table.target)?;
        }
        destination.claim(session, self.plan, &self.entry)?;
        Ok(JobOutcome::Done { rows: 0 })
    }

    /// Makes what the transaction of a follow-up could not hold. Of one that is done the staged tables may be gone.
    fn prepare_follow_up(
        &self,
        session: &E::Session<'_>,
        chain: &Chain,
        tables: &[ChainTable<'_>],
    ) -> Result<()> {
        let destination = self.destination;
        let script = || destination.follow_up_script(self.plan, chain, tables, Some(session));
        let before = destination.engine().before_transaction(&script)?;
        if !before.is_empty() && destination.is_planned(session, self.plan, &self.entry)? {
            session.run(&before)?;
        }
        Ok(())
    }

    /// Whether the work changes tables, so that no transaction holds it with its entry.
    fn is_swap(&self) -> bool {
        self.destination.ddl_commits()
            && matches!(&self.work, Work::FollowUp { chain, .. } if swaps(chain.follow_up))
    }

    /// Swaps tables first and says so then: repeating it changes nothing.
    fn swap(&self, session: &E::Session<'_>) -> Result<JobOutcome> {
        let destination = self.destination;
        if let Work::FollowUp { tables, .. } = &self.work
            && destination.is_planned(session, self.plan, &self.entry)?
        {
            destination.swap(session, &self.plan.key, tables)?;
        }
        if destination.claim(session, self.plan, &self.entry)? {
            Ok(JobOutcome::Done { rows: 0 })
        } else {
            self.not_claimed(session)
        }
    }

    /// Whether there is no ledger any more: the load that took over is complete. The session of a failed job may
    /// be broken, so another one looks.
    fn ledger_is_gone(&self) -> bool {
        let destination = self.destination;
        let session = destination.engine().session();
        let has_ledger =
            session.and_then(|session| session.has_table(&destination.datasets().staging, ledger::TABLE));
        has_ledger.is_ok_and(|has_ledger| !has_ledger)
    }

    /// Why the entry could not be claimed.
    fn not_claimed(&self, session: &E::Session<'_>) -> Result<JobOutcome> {
        let known = self.destination.entries(session, &self.plan.key)?;
        let state = |entry: &str| known.iter().find(|(known, _)| known == entry).map(|(_, state)| *state);
        if state(entries::BEGUN).is_none() {
            return Err(taken_over(&self.plan.key));
        }
        match state(&self.entry) {
            Some(EntryState::Done) => Ok(JobOutcome::DoneBefore),
            Some(EntryState::Planned) => {
                Err(Error::transient(format!("'{}' is being done by another process", self.entry)))
            }
            None => {
                Err(Error::invalid(format!("'{}' is not part of load {}", self.entry, self.plan.key.load_id)))
            }
        }
    }
}

impl<E: SqlEngine> Job for SqlJob<'_, E> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let engine = self.destination.engine();
        engine.begin_work(&self.plan.key)?;
        let _writing = engine.guard_ledger(LedgerAccess::Shared)?;
        let session = engine.session()?;
        let done = if let Work::Insert { job, target, table } = &self.work
            && !engine.commit_model().bulk
        {
            if engine.commit_model().rows {
                self.insert_in_steps(&session, job, table)
            } else {
                self.insert_by_moving(&session, job, target, table)
            }
        } else if self.is_swap() {
            self.destination.alone(&session, || self.swap(&session))
        } else if let Work::FollowUp { chain, tables } = &self.work {
            let prepared = self.prepare_follow_up(&session, chain, tables);
            // Another pipeline may merge into the same tables: neither would see the rows of the other one.
            let name = format!("{}\0{}", self.destination.datasets().staging, chain.root);
            prepared.and_then(|()| {
                self.destination.one_at_a_time(&session, &name, || match &self.work {
                    Work::FollowUp { chain, tables } if !engine.commit_model().rows => {
                        self.follow_up_by_moving(&session, chain, tables)
                    }
                    _ => self.work(&session),
                })
            })
        } else {
            session.transaction(|| self.work(&session))
        };
        done.map_err(|error| {
            if error.kind() == ErrorKind::Terminal && self.ledger_is_gone() {
                taken_over(&self.plan.key)
            } else {
                error
            }
        })
    }
}
