//! Moves of job files between the four folders of a package.
//!
//! A move is one rename. As long as the destination has its ledger, a lost start only means a new start, and
//! a lost end that the ledger is asked; so neither is synced by itself. [`PublishedPackage::sync_jobs`] makes
//! all of them durable before the ledger is cleared.

use std::io;

use crate::disk::parent;
use crate::error::{At, Error};
use crate::format::JobState;
use crate::job_name::JobFileName;
use crate::package::DELETION_MARK;
use crate::published::PublishedPackage;

impl PublishedPackage {
    /// `new_jobs/` to `started_jobs/`: somebody begins to work on the job.
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not new, [`Error::Io`]; as for the other moves.
    pub fn start_job(&self, name: &JobFileName) -> Result<(), Error> {
        self.rename_job((JobState::New, name), (JobState::Started, name))
    }

    /// `started_jobs/` to `completed_jobs/`; durable after [`Self::sync_jobs`].
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not started, [`Error::Io`].
    pub fn complete_job(&self, name: &JobFileName) -> Result<(), Error> {
        self.rename_job((JobState::Started, name), (JobState::Completed, name))
    }

    /// Makes the moves of completed jobs durable: after this no loss of power takes them back.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn sync_jobs(&self) -> Result<(), Error> {
        // A name is durable in its new folder before it is gone from the old one.
        for state in [JobState::Completed, JobState::Started, JobState::New] {
            let folder = self.path().join(state.as_str());
            if self.disk.exists(&folder)? {
                self.disk.sync_folder(&folder)?;
            }
        }
        Ok(())
    }

    /// `started_jobs/` to `failed_jobs/` with the reason beside it, durably.
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not started, [`Error::Io`].
    pub fn fail_job(&self, name: &JobFileName, reason: &str) -> Result<(), Error> {
        self.ensure_folder(JobState::Failed)?;
        // The reason comes first: a failed job always has one, and a reason without a job means nothing.
        let path = self.reason_path(name);
        self.disk.fs.write(&path, reason.as_bytes()).at("write", &path)?;
        self.disk.sync_file(&path)?;
        self.disk.sync_folder(parent(&path))?;
        self.move_job((JobState::Started, name), (JobState::Failed, name))
    }

    /// `started_jobs/` back to `new_jobs/`, durably and with the retry count one up.
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not started, [`Error::Io`].
    pub fn retry_job(&self, name: &JobFileName) -> Result<JobFileName, Error> {
        let next = name.next_retry();
        self.move_job((JobState::Started, name), (JobState::New, &next))?;
        Ok(next)
    }

    /// `completed_jobs/` back to `new_jobs/`, durably: the destination knows nothing of the job any more.
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not completed, [`Error::Io`].
    pub fn redo_job(&self, name: &JobFileName) -> Result<(), Error> {
        self.move_job((JobState::Completed, name), (JobState::New, name))
    }

    /// Deletes the files of completed jobs, as dlt's `delete_completed_jobs`. The package stays readable,
    /// and verifying it no longer asks for its job files.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn delete_completed_jobs(&self) -> Result<(), Error> {
        self.ensure_folder(JobState::Completed)?;
        let folder = self.path().join(JobState::Completed.as_str());
        let mark = folder.join(DELETION_MARK);
        self.disk.fs.write(&mark, b"").at("write", &mark)?;
        self.disk.sync_folder(&folder)?;
        for job in self.jobs(JobState::Completed)? {
            let path = self.job_path(JobState::Completed, &job);
            self.disk.fs.remove_file(&path).at("remove", &path)?;
        }
        Ok(())
    }

    /// A move that is not forgotten.
    fn move_job(&self, from: (JobState, &JobFileName), to: (JobState, &JobFileName)) -> Result<(), Error> {
        self.rename_job(from, to)?;
        self.disk.sync_folder(parent(&self.job_path(to.0, to.1)))?;
        self.disk.sync_folder(parent(&self.job_path(from.0, from.1)))
    }

    fn rename_job(
        &self,
        (from, name): (JobState, &JobFileName),
        (to, new_name): (JobState, &JobFileName),
    ) -> Result<(), Error> {
        self.ensure_folder(to)?;
        let target = self.job_path(to, new_name);
        match self.disk.fs.rename(&self.job_path(from, name), &target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::NoSuchJob { load_id: self.load_id().clone(), job: name.to_string(), state: from })
            }
            other => other.at("move a job to", &target),
        }
    }

    /// Empty folders may be missing, as after a checkout from git.
    fn ensure_folder(&self, state: JobState) -> Result<(), Error> {
        let folder = self.path().join(state.as_str());
        if self.disk.exists(&folder)? {
            return Ok(());
        }
        self.disk.create_folders(&folder)
    }
}
