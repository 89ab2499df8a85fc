//! Drops the pending packages: schema and state are those of the last load again.

use cartage_package_store::Folder;
use cartage_runtime::Stage;
use serde::Serialize;

use crate::error::PipelineError;
use crate::project::Project;
use crate::stages;

/// What an abort did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AbortReport {
    /// Load ids of the packages that are in `aborted/` now, in order.
    pub aborted: Vec<String>,
    /// Packages among them of which some jobs had been loaded. The next load of the pipeline removes their
    /// rows, except where a table was replaced or merged already.
    pub partly_loaded: Vec<String>,
}

impl Project {
    /// Moves all pending packages to `aborted/`, damaged ones too, and forgets an interrupted run.
    ///
    /// # Errors
    /// If another process works on the pipeline, or the disk refuses.
    pub fn abort(&self) -> Result<AbortReport, PipelineError> {
        let _run = self.store.lock_run(self.wait)?;
        let locks = [Stage::Extract, Stage::Normalize, Stage::Load].map(|stage| stages::lock(self, stage));
        let locks = locks.into_iter().collect::<Result<Vec<_>, _>>()?;
        for lock in &locks {
            self.store.sweep(lock)?;
        }
        let report = self.drop_pending()?;
        self.store.documents().end_run()?;
        Ok(report)
    }

    /// Moves all pending packages to `aborted/`. The caller holds the locks of all stages.
    pub(crate) fn drop_pending(&self) -> Result<AbortReport, PipelineError> {
        let mut report = AbortReport::default();
        for folder in [Folder::Normalized, Folder::Extracted] {
            for load_id in self.store.list(folder)? {
                if self.has_completed_jobs(folder, &load_id) {
                    report.partly_loaded.push(load_id.to_string());
                }
                self.store.abort(folder, &load_id)?;
                report.aborted.push(load_id.to_string());
            }
        }
        Ok(report)
    }

    /// A package that cannot be opened is as good as one of which nothing was loaded: load refused it.
    fn has_completed_jobs(&self, folder: Folder, load_id: &cartage_package_store::LoadId) -> bool {
        let completed = self
            .store
            .open_package(folder, load_id)
            .and_then(|package| package.jobs(cartage_package_store::JobState::Completed));
        completed.is_ok_and(|jobs| !jobs.is_empty())
    }
}
