//! Moves of job files between the four folders of a package.
//!
//! A move is one rename. As long as the destination has its ledger, a lost start only means a new start, and
//! a lost end that the ledger is asked; so neither is synced by itself. [`LockedJobs::sync`] makes
//! all of them durable before the ledger is cleared.

use std::io;

use crate::disk::parent;
use crate::error::{At, Error};
use crate::format::JobState;
use crate::job_name::JobFileName;
use crate::lock::StageLock;
use crate::package::{DELETION_MARK, Package};

/// The right to move the jobs of a normalized package, for which its holder needs the lock of the load stage.
///
/// Made by [`PublishedPackage::lock_jobs`](crate::PublishedPackage::lock_jobs). It ends before the lock does:
///
/// ```compile_fail,E0505
/// use cartage_package_store::{Error, JobFileName, Normalized, PublishedPackage, StageLock};
///
/// fn start(package: &PublishedPackage<Normalized>, lock: StageLock, job: &JobFileName) -> Result<(), Error> {
///     let jobs = package.lock_jobs(&lock)?;
///     drop(lock);
///     jobs.start(job)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LockedJobs<'p> {
    package: &'p Package,
    _lock: &'p StageLock,
}

impl<'p> LockedJobs<'p> {
    pub(crate) fn new(package: &'p Package, lock: &'p StageLock) -> Self {
        Self { package, _lock: lock }
    }

    /// `new_jobs/` to `started_jobs/`: work on the job begins.
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not new, [`Error::Io`]; as for the other moves.
    pub fn start(self, name: &JobFileName) -> Result<(), Error> {
        self.rename_job((JobState::New, name), (JobState::Started, name))
    }

    /// `started_jobs/` to `completed_jobs/`; durable after [`Self::sync`].
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not started, [`Error::Io`].
    pub fn complete(self, name: &JobFileName) -> Result<(), Error> {
        self.rename_job((JobState::Started, name), (JobState::Completed, name))
    }

    /// Makes the moves of completed jobs durable: after this no loss of power takes them back.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn sync(self) -> Result<(), Error> {
        // A name is durable in its new folder before it is gone from the old one.
        for state in [JobState::Completed, JobState::Started, JobState::New] {
            let folder = self.package.path().join(state.as_str());
            if self.package.disk.exists(&folder)? {
                self.package.disk.sync_folder(&folder)?;
            }
        }
        Ok(())
    }

    /// `started_jobs/` to `failed_jobs/` with the reason beside it, durably.
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not started, [`Error::Io`].
    pub fn fail(self, name: &JobFileName, reason: &str) -> Result<(), Error> {
        self.ensure_folder(JobState::Failed)?;
        // The reason comes first: a failed job always has one, and a reason without a job means nothing.
        let path = self.package.reason_path(name);
        self.package.disk.fs.write(&path, reason.as_bytes()).at("write", &path)?;
        self.package.disk.sync_file(&path)?;
        self.package.disk.sync_folder(parent(&path))?;
        self.move_job((JobState::Started, name), (JobState::Failed, name))
    }

    /// `started_jobs/` back to `new_jobs/`, durably and with the retry count one up.
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not started, [`Error::Io`].
    pub fn retry(self, name: &JobFileName) -> Result<JobFileName, Error> {
        let next = name.next_retry();
        self.move_job((JobState::Started, name), (JobState::New, &next))?;
        Ok(next)
    }

    /// `completed_jobs/` back to `new_jobs/`, durably: the destination knows nothing of the job any more.
    ///
    /// # Errors
    /// [`Error::NoSuchJob`] if it is not completed, [`Error::Io`].
    pub fn redo(self, name: &JobFileName) -> Result<(), Error> {
        self.move_job((JobState::Completed, name), (JobState::New, name))
    }

    /// Deletes the files of completed jobs, as dlt's `delete_completed_jobs`. The package stays readable,
    /// and verifying it no longer asks for its job files.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn delete_completed(self) -> Result<(), Error> {
        self.ensure_folder(JobState::Completed)?;
        let folder = self.package.path().join(JobState::Completed.as_str());
        let mark = folder.join(DELETION_MARK);
        self.package.disk.fs.write(&mark, b"").at("write", &mark)?;
        self.package.disk.sync_folder(&folder)?;
        for job in self.package.jobs(JobState::Completed)? {
            let path = self.package.job_path(JobState::Completed, &job);
            self.package.disk.fs.remove_file(&path).at("remove", &path)?;
        }
        Ok(())
    }

    /// A move that is not forgotten.
    fn move_job(self, from: (JobState, &JobFileName), to: (JobState, &JobFileName)) -> Result<(), Error> {
        self.rename_job(from, to)?;
        self.package.disk.sync_folder(parent(&self.package.job_path(to.0, to.1)))?;
        self.package.disk.sync_folder(parent(&self.package.job_path(from.0, from.1)))
    }

    fn rename_job(
        self,
        (from, name): (JobState, &JobFileName),
        (to, new_name): (JobState, &JobFileName),
    ) -> Result<(), Error> {
        self.ensure_folder(to)?;
        let target = self.package.job_path(to, new_name);
        match self.package.disk.fs.rename(&self.package.job_path(from, name), &target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NoSuchJob {
                load_id: self.package.load_id().clone(),
                job: name.to_string(),
                state: from,
            }),
            other => other.at("move a job to", &target),
        }
    }

    /// Empty folders may be missing, as after a checkout from git.
    fn ensure_folder(self, state: JobState) -> Result<(), Error> {
        let folder = self.package.path().join(state.as_str());
        if self.package.disk.exists(&folder)? {
            return Ok(());
        }
        self.package.disk.create_folders(&folder)
    }
}
