//! A job of the package as the stage sees it.

use cartage_destinations_api::JobFile;
use cartage_package_store::{JobFileName, JobState, Package, SourceRange};

use crate::error::{LoadError, store_error};

/// One job file with what the manifest says about it.
#[derive(Clone, Debug)]
pub(crate) struct LoadJob {
    /// Its present name; the retry count goes up.
    pub(crate) name: JobFileName,
    pub(crate) table: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) state: JobState,
    /// The file of the source that its rows come from, where it is one.
    input: Option<String>,
    /// Why it was put aside, where it was.
    pub(crate) reason: Option<String>,
}

impl LoadJob {
    /// All jobs of a package, the biggest first: with few cores the long jobs should not come last.
    pub(crate) fn all(package: &Package) -> Result<Vec<Self>, LoadError> {
        let mut jobs = Vec::new();
        for state in JobState::ALL {
            for name in package.jobs(state).map_err(store_error(package.load_id()))? {
                let Some(entry) = package.file_entry(&name) else { continue };
                let reason = package.failure_reason(&name).map_err(store_error(package.load_id()))?;
                jobs.push(Self {
                    table: entry.table.clone(),
                    rows: entry.rows,
                    bytes: entry.bytes,
                    input: input_of(&entry.origins),
                    name,
                    state,
                    reason,
                });
            }
        }
        jobs.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.job_id().cmp(&b.name.job_id())));
        Ok(jobs)
    }

    /// The job for messages: its file, and that of the source.
    pub(crate) fn described(&self) -> String {
        match &self.input {
            Some(input) => format!("{} (from {input})", self.name),
            None => self.name.to_string(),
        }
    }

    /// Whether nothing is left to be done for it.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.state, JobState::Completed | JobState::Failed)
    }

    /// What the destination is handed.
    pub(crate) fn file(&self, package: &Package) -> JobFile {
        let path = package.job_path(self.state, &self.name);
        JobFile::new(self.name.job_id(), &self.table, path, self.name.format())
            .with_codec(self.name.codec())
            .with_size(self.rows, self.bytes)
    }
}

fn input_of(origins: &[SourceRange]) -> Option<String> {
    let first = origins.first()?;
    origins.iter().all(|origin| origin.source == first.source).then(|| first.source.clone())
}
