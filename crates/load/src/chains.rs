//! Which table chains still have jobs to come, and which are ready for their follow-up.

use std::collections::HashMap;

use cartage_destinations_api::LoadPlan;

use crate::job::LoadJob;
use cartage_package_store::JobState;

/// The progress of all chains of a plan. A chain is ready once all its jobs are settled and one of them
/// was loaded: where every job failed, its tables stay as they are.
#[derive(Debug)]
pub(crate) struct Chains<'p> {
    of_table: HashMap<&'p str, usize>,
    open: Vec<usize>,
    loaded: Vec<usize>,
}

impl<'p> Chains<'p> {
    pub(crate) fn new(plan: &'p LoadPlan, jobs: &[LoadJob]) -> Self {
        let mut of_table = HashMap::new();
        for (index, chain) in plan.chains.iter().enumerate() {
            of_table.extend(chain.tables.iter().map(|table| (table.as_str(), index)));
        }
        let mut chains =
            Self { of_table, open: vec![0; plan.chains.len()], loaded: vec![0; plan.chains.len()] };
        for job in jobs {
            let Some(&index) = chains.of_table.get(job.table.as_str()) else { continue };
            match job.state {
                JobState::New | JobState::Started => chains.open[index] += 1,
                JobState::Completed => chains.loaded[index] += 1,
                JobState::Failed => {}
            }
        }
        chains
    }

    /// Chains whose jobs were settled by an earlier process.
    pub(crate) fn ready(&self) -> Vec<usize> {
        (0..self.open.len()).filter(|index| self.is_ready(*index)).collect()
    }

    /// A job of `table` is settled; the chain that became ready by it.
    pub(crate) fn settle(&mut self, table: &str, loaded: bool) -> Option<usize> {
        let index = *self.of_table.get(table)?;
        self.open[index] = self.open[index].saturating_sub(1);
        self.loaded[index] += usize::from(loaded);
        self.is_ready(index).then_some(index)
    }

    fn is_ready(&self, index: usize) -> bool {
        self.open[index] == 0 && self.loaded[index] > 0
    }
}
