//! The first step: nothing is written unless the state is the one that the load builds on, and nothing that is
//! written is without its row in the ledger.

use cartage_destinations_api::{AppendRecord, LoadPlan, Result, ledger as entries};

use crate::destination::SqlDestination;
use crate::engine::{LedgerAccess, SqlEngine, SqlSession};
use crate::ledger_entries::Entries;
use crate::statements::ledger::{self, EntryState};
use crate::take_over::Left;
use crate::targets::planned_tables;

impl<E: SqlEngine> SqlDestination<E> {
    /// Checks what the load builds on, makes the datasets and the ledger, takes over from other loads of the pipeline
    /// and writes this one into the ledger, so that no other load removes it.
    pub(crate) fn begin(&self, session: &E::Session<'_>, plan: &LoadPlan) -> Result<()> {
        let _alone = self.engine().guard_ledger(LedgerAccess::Exclusive)?;
        let staging = &self.datasets().staging;
        self.alone(session, || {
            plan.base.check(&plan.key, self.stored_state(session, &plan.key.pipeline)?.as_ref())?;
            let mut wanted = self.wanted(plan)?;
            let has_ledger = session.has_table(staging, ledger::TABLE)?;
            if !has_ledger {
                session.create_dataset(staging)?;
                session.execute(&ledger::create(self.dialect(), staging)?)?;
            }
            session.create_dataset(&self.datasets().dataset)?;
            if has_ledger {
                self.undo_stopped(session, &plan.key)?;
            }
            let left = self.rows_of_step(session, || {
                let left = if has_ledger { self.take_over(session, plan)? } else { Left::default() };
                wanted.extend(left.to_do.iter().cloned());
                self.plan_entries(session, plan, &wanted)?;
                Ok(left)
            })?;
            self.drop_staged_there(session, &left.staged)
        })
    }

    /// All entries that a load has from its beginning.
    fn wanted(&self, plan: &LoadPlan) -> Result<Entries> {
        let mut wanted = vec![(entries::BEGUN.to_owned(), EntryState::Done)];
        wanted.extend(AppendRecord::of(plan).into_iter().map(|appends| (appends.entry(), EntryState::Done)));
        let steps = [
            (entries::DROP, plan.drop.is_empty()),
            (entries::WIDEN, plan.widen.is_empty()),
            (entries::TRUNCATE, plan.truncate.is_empty()),
        ];
        let steps = steps.into_iter().filter(|(_, is_empty)| !is_empty).map(|(step, _)| step.to_owned());
        let staged = planned_tables(plan)?.into_iter().filter(|planned| planned.is_staged);
        let staged =
            staged.map(|planned| entries::staged_entry(&self.staged(&plan.key, &planned.table.name).table));
        let known = [self.all_replaced(plan), self.all_file_tables(plan), self.all_arrivals(plan)].concat();
        wanted.extend(known.iter().map(|table| (entries::staged_entry(table), EntryState::Done)));
        let jobs = plan.jobs.iter().map(|job| entries::job_entry(job));
        let follow_ups = plan.chains.iter().map(|chain| entries::follow_up_entry(&chain.root));
        let prepared = plan.chains.iter().filter(|_| !self.holds_rows());
        let prepared = prepared.map(|chain| entries::prepared_entry(&chain.root));
        wanted.extend(
            steps
                .chain(staged)
                .chain(jobs)
                .chain(prepared)
                .chain(follow_ups)
                .map(|entry| (entry, EntryState::Planned)),
        );
        Ok(wanted)
    }
}
