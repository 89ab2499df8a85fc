//! Removes what other loads of the pipeline have written that were neither completed nor taken over.

use std::collections::{BTreeMap, HashSet};

use cartage_destinations_api::{
    AppendRecord, LoadKey, LoadPlan, Result, SqlScript, Statement, ledger as entry_names,
};

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::ledger_entries::Entries;
use crate::statements::ledger::{self, EntryState};
use crate::statements::{TableRef, undo};

/// What is left of loads that were taken over.
#[derive(Default)]
pub(crate) struct Left {
    /// Entries that the load which takes over has to have among its own.
    pub(crate) to_do: Entries,
    /// Entries of the staged tables, which have to be dropped.
    pub(crate) staged: Entries,
}

impl<E: SqlEngine> SqlDestination<E> {
    /// Removes the rows that other loads of this pipeline have written, and forgets them.
    pub(crate) fn take_over(&self, session: &E::Session<'_>, plan: &LoadPlan) -> Result<Left> {
        let staging = &self.datasets().staging;
        // Their jobs that are about to commit end first, so that their rows are seen below; those that come later
        // find no entry of theirs.
        if self.holds_rows() {
            session.execute(&ledger::hold_others(self.dialect(), staging, &plan.key, plan.now_micros))?;
        }
        let mut others: BTreeMap<String, Entries> = BTreeMap::new();
        for row in &session.query(&ledger::entries_of_others(self.dialect(), staging, &plan.key))? {
            let entry = (row.text(1)?, EntryState::of(row.int(2)?));
            others.entry(row.text(0)?).or_default().push(entry);
        }
        let mut left = Left::default();
        for (load_id, entries) in others {
            let other = LoadKey { load_id, ..plan.key.clone() };
            if !self.holds_rows() && self.is_recorded(session, &other.load_id)? {
                // Its process ended before it could forget it.
                self.drop_own(session, &entries)?;
                session.execute(&ledger::forget(self.dialect(), staging, &other))?;
                continue;
            }
            tracing::warn!(load_id = other.load_id, "a load that was not completed is undone");
            if !self.holds_rows() {
                self.finish_follow_ups(session, plan, &other, &entries)?;
                // Nothing of it begins any more, and no rows arrive any more, before those that did are removed.
                session.execute(&ledger::stop(self.dialect(), staging, &other))?;
                self.drop_own(session, &entries)?;
            }
            self.undo_load(session, &other, &entries)?;
            if !self.holds_rows() {
                continue;
            }
            for (entry, state) in entries {
                if entry.starts_with(entry_names::LATE_KEY_PREFIX) && state == EntryState::Planned {
                    left.to_do.push((entry, state));
                } else if entry.starts_with(entry_names::STAGED_PREFIX) {
                    if self.ddl_commits() {
                        // They are dropped after this transaction, so the ledger has to name them until then.
                        left.to_do.push((entry.clone(), EntryState::Done));
                    }
                    left.staged.push((entry, state));
                }
            }
        }
        Ok(left)
    }

    /// Whether another load has stopped this one, which is known only where that takes several steps.
    pub(crate) fn is_stopped(&self, entries: &[(String, EntryState)]) -> bool {
        !self.holds_rows() && !entries.iter().any(|(entry, _)| entry == entry_names::BEGUN)
    }

    /// Removes the rest of a load that another one has stopped, and then ended before it had removed all of it.
    pub(crate) fn undo_stopped(&self, session: &E::Session<'_>, load: &LoadKey) -> Result<()> {
        let entries = self.entries(session, load)?;
        if entries.is_empty() || !self.is_stopped(&entries) {
            return Ok(());
        }
        self.drop_own(session, &entries)?;
        self.undo_load(session, load, &entries)
    }

    /// Moves the new rows of follow-ups whose old rows are gone already, so that no table is left without both.
    fn finish_follow_ups(
        &self,
        session: &E::Session<'_>,
        plan: &LoadPlan,
        other: &LoadKey,
        entries: &[(String, EntryState)],
    ) -> Result<()> {
        let is_done =
            |entry: &str| entries.iter().any(|known| known.0 == entry && known.1 == EntryState::Done);
        let is_known = |table: &str| {
            let entry = entry_names::staged_entry(table);
            entries.iter().any(|(known, _)| *known == entry)
        };
        for table in session.tables(&self.datasets().dataset)? {
            let target = self.direct(&table);
            let arrivals = self.arrivals(other, &target);
            if !is_known(&arrivals.table) {
                continue;
            }
            let root = plan.schema.root_of(&table).map_or(table.as_str(), |root| root.name.as_str());
            let is_prepared = is_done(&entry_names::prepared_entry(root));
            if is_prepared && session.has_table(&arrivals.dataset, &arrivals.table)? {
                self.engine().move_rows(session, &arrivals, &target)?;
            } else if !is_prepared {
                tracing::warn!(
                    table,
                    load_id = other.load_id,
                    "a merge or replacement was not completed: rows that it was removing may be missing until they are loaded again"
                );
            }
        }
        Ok(())
    }

    fn undo_load(
        &self,
        session: &E::Session<'_>,
        left: &LoadKey,
        entries: &[(String, EntryState)],
    ) -> Result<()> {
        let present: Vec<String> =
            session.tables(&self.datasets().dataset)?.iter().map(|name| self.dialect().fold(name)).collect();
        let is_present = |table: &str| present.contains(&self.dialect().fold(table));
        let mut appends: Vec<AppendRecord> =
            entries.iter().filter_map(|(entry, _)| AppendRecord::read(entry)).collect();
        appends.retain(|table| {
            is_present(&table.table) && table.parent.as_ref().is_none_or(|link| is_present(&link.table))
        });
        session.run(&undo(appends, self.dialect(), &self.datasets().dataset, &left.load_id))?;
        session.execute(&ledger::forget(self.dialect(), &self.datasets().staging, left)).map(drop)
    }

    /// Drops those of the staged tables among `entries` that are there: most files have none any more.
    pub(crate) fn drop_staged_there(
        &self,
        session: &E::Session<'_>,
        entries: &[(String, EntryState)],
    ) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let staging = &self.datasets().staging;
        let present: HashSet<String> =
            session.tables(staging)?.iter().map(|table| self.dialect().fold(table)).collect();
        let is_there = |(entry, _): &&(String, EntryState)| {
            let table = entry.strip_prefix(entry_names::STAGED_PREFIX);
            table.is_some_and(|table| present.contains(&self.dialect().fold(table)))
        };
        let there: Entries = entries.iter().filter(is_there).cloned().collect();
        session.run(&self.drop_staged(&there)).map(drop)
    }

    /// Drops the staged tables among `entries`.
    pub(crate) fn drop_staged(&self, entries: &[(String, EntryState)]) -> SqlScript {
        let drop = |table: &str| {
            let name = self.dialect().qualified(&TableRef::new(&self.datasets().staging, table));
            Statement::new(format!("drop staged rows {table}"), format!("DROP TABLE IF EXISTS {name}"))
        };
        let tables = entries.iter().filter_map(|(entry, _)| entry.strip_prefix(entry_names::STAGED_PREFIX));
        SqlScript { statements: tables.map(drop).collect() }
    }
}
