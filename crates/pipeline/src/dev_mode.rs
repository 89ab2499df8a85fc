//! `dev_mode`: every run starts from nothing, in a dataset of its own.
//!
//! The name of the dataset is kept in the data folder, so that `normalize` and `load` of their own find the one
//! that the last `run` or `extract` began. Local state and schemas are those of that dataset; when the mode is
//! switched off they are forgotten, and the next run restores those of the real dataset.

use cartage_package_store::Folder;
use cartage_runtime::Stage;

use crate::error::PipelineError;
use crate::project::Project;
use crate::{restore, stages};

/// The suffix of the name of the dataset before anything was extracted.
const NOTHING_YET: &str = "dev";

/// Begins a dataset of its own where the mode is on, and leaves the mode where it is off. What is pending belongs
/// to an earlier dataset and is aborted. To be called before any lock is taken.
pub(crate) fn begin(project: &Project) -> Result<(), PipelineError> {
    if !project.config.pipeline.dev_mode {
        return leave(project);
    }
    let last = project.store.documents().dev_dataset()?;
    start_from_nothing(project)?;
    let mut moment = project.runtime.clock.now();
    let name = |moment: chrono::DateTime<chrono::Utc>| {
        let dataset = &project.config.pipeline.dataset_name;
        let between = if dataset.ends_with('_') { "" } else { "_" };
        format!("{dataset}{between}{}", moment.format("%Y%m%d%H%M%S"))
    };
    // Two runs in one second are two datasets.
    while last.as_deref().is_some_and(|last| *last >= *name(moment) && last.len() == name(moment).len()) {
        moment += chrono::TimeDelta::seconds(1);
    }
    Ok(project.store.documents().replace_dev_dataset(Some(&name(moment)))?)
}

/// Leaves the mode, if the last run was in it.
pub(crate) fn leave(project: &Project) -> Result<(), PipelineError> {
    let documents = project.store.documents();
    if project.config.pipeline.dev_mode || documents.dev_dataset()?.is_none() {
        return Ok(());
    }
    start_from_nothing(project)?;
    Ok(documents.replace_dev_dataset(None)?)
}

/// Forgets schemas, state and an interrupted run, and aborts what is pending.
fn start_from_nothing(project: &Project) -> Result<(), PipelineError> {
    let _run = project.store.lock_run(project.wait)?;
    let locks = [Stage::Extract, Stage::Normalize, Stage::Load].map(|stage| stages::lock(project, stage));
    for lock in locks {
        project.store.sweep(&lock?)?;
    }
    for folder in [Folder::Normalized, Folder::Extracted] {
        for load_id in project.store.list(folder)? {
            project.store.abort(folder, &load_id)?;
        }
    }
    restore::forget_local(project)?;
    Ok(project.store.documents().end_run()?)
}

impl Project {
    /// The dataset before naming conventions and layouts: that of the settings, or of the last run in dev mode.
    ///
    /// # Errors
    /// If the data folder cannot be read.
    pub fn dataset_name(&self) -> Result<String, PipelineError> {
        let configured = &self.config.pipeline.dataset_name;
        if !self.config.pipeline.dev_mode {
            return Ok(configured.clone());
        }
        let begun = self.store.documents().dev_dataset()?;
        Ok(begun.unwrap_or_else(|| format!("{configured}_{NOTHING_YET}")))
    }
}
