//! The entries that a load has in the ledger: writing, reading and claiming them.

use std::collections::HashSet;

use cartage_destinations_api::{LoadKey, LoadPlan, Result};

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::ledger::{self, EntryState};

/// What a ledger says of one load.
pub(crate) type Entries = Vec<(String, EntryState)>;

impl<E: SqlEngine> SqlDestination<E> {
    /// Writes those of the entries that the load does not have yet.
    pub(crate) fn plan_entries(
        &self,
        session: &E::Session<'_>,
        plan: &LoadPlan,
        wanted: &[(String, EntryState)],
    ) -> Result<()> {
        let rows = session.query(&ledger::entries(self.dialect(), &self.datasets().staging, &plan.key))?;
        let mut known = rows.iter().map(|row| row.text(0)).collect::<Result<HashSet<String>>>()?;
        let missing: Vec<(&str, EntryState)> = wanted
            .iter()
            .filter(|(entry, _)| known.insert(entry.clone()))
            .map(|(entry, state)| (entry.as_str(), *state))
            .collect();
        let staging = &self.datasets().staging;
        session.run(&ledger::plan(self.dialect(), staging, &plan.key, &missing, plan.now_micros)).map(drop)
    }

    /// The ledger entries of one load; empty where there is no ledger.
    pub(crate) fn entries(&self, session: &E::Session<'_>, load: &LoadKey) -> Result<Entries> {
        let staging = &self.datasets().staging;
        if !session.has_table(staging, ledger::TABLE)? {
            return Ok(Vec::new());
        }
        let rows = match session.query(&ledger::entries(self.dialect(), staging, load)) {
            // Another load has removed it meanwhile, as the last one that was in flight.
            Err(_) if !session.has_table(staging, ledger::TABLE)? => Vec::new(),
            asked => asked?,
        };
        rows.iter().map(|row| Ok((row.text(0)?, EntryState::of(row.int(1)?)))).collect()
    }

    /// Says in the transaction that is open, or after what was done where there is none, that an entry is done; `false` if
    /// it is done already, or not there.
    pub(crate) fn claim(&self, session: &E::Session<'_>, plan: &LoadPlan, entry: &str) -> Result<bool> {
        let staging = &self.datasets().staging;
        let claim = ledger::claim(self.dialect(), staging, &plan.key, entry, plan.now_micros);
        if !self.holds_rows() {
            // Databases without transactions do not say how many rows a statement has changed.
            let is_planned = self.is_planned(session, plan, entry)?;
            if is_planned {
                session.execute(&claim)?;
            }
            return Ok(is_planned);
        }
        Ok(session.execute(&claim)? > 0)
    }
}
