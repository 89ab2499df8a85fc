//! The read side of a complete package.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checksum::Checksum;
use crate::disk::{Disk, is_absent, parent};
use crate::error::{At, Damage, Error};
use crate::format::{
    ABORT_REASON, JobState, PACKAGE_FORMAT, PACKAGE_JSON, QUARANTINE, REASON_SUFFIX, SCHEMA_JSON,
    SCHEMA_UPDATE_JSON, STATE_JSON,
};
use crate::fs::RealFs;
use crate::job_name::{JobFileName, QuarantineFileName};
use crate::load_id::LoadId;
use crate::manifest::{FileEntry, Manifest};
use crate::package_json::{self, DecodeError};
use crate::publish::{self, Presence};

/// A package as it can be read, wherever it is. Opening it has verified `package.json`, nothing else.
#[derive(Clone, Debug)]
pub struct Package {
    pub(crate) disk: Disk,
    path: PathBuf,
    content: Arc<Content>,
}

#[derive(Debug)]
struct Content {
    manifest: Manifest,
    digest: Checksum,
    /// Index into `manifest.files` by job id.
    jobs: HashMap<String, usize>,
}

impl Package {
    /// Opens the package in the folder `path`, which need not be in a store: for tools and fixtures.
    ///
    /// # Errors
    /// [`Error::NoSuchPackage`], [`Error::Damaged`] if `package.json` is, [`Error::NewerFormat`].
    pub fn open_at(path: &Path) -> Result<Self, Error> {
        Self::read(Disk { fs: Arc::new(RealFs), durable: true }, path.to_owned())
    }

    pub(crate) fn read(disk: Disk, path: PathBuf) -> Result<Self, Error> {
        let document = path.join(PACKAGE_JSON);
        let Some(bytes) = disk.read_if_exists(&document)? else {
            return Err(match publish::presence(&disk, &path)? {
                Presence::MissingManifest => damaged(&path, PACKAGE_JSON, Damage::Missing),
                _ => Error::NoSuchPackage { load_id: folder_name(&path), path: parent(&path).to_owned() },
            });
        };
        let (manifest, digest) = package_json::decode(&bytes).map_err(|error| match error {
            DecodeError::Damaged(damage) => damaged(&path, PACKAGE_JSON, damage),
            DecodeError::Newer(found) => {
                Error::NewerFormat { path: document, found, supported: PACKAGE_FORMAT }
            }
        })?;
        Ok(Self::new(disk, path, manifest, digest))
    }

    pub(crate) fn new(disk: Disk, path: PathBuf, manifest: Manifest, digest: Checksum) -> Self {
        let jobs = manifest.files.iter().enumerate().map(|(i, file)| (file.name.job_id(), i)).collect();
        Self { disk, path, content: Arc::new(Content { manifest, digest, jobs }) }
    }

    /// Looks at `package.json` again, which may have been damaged since it was read.
    pub(crate) fn reread(&self) -> Result<(), Error> {
        let (expected, found) = (self.digest(), Self::read(self.disk.clone(), self.path.clone())?.digest());
        if found == expected {
            return Ok(());
        }
        Err(self.damaged(PACKAGE_JSON, Damage::Changed { expected, found }))
    }

    pub(crate) fn moved_to(self, path: PathBuf) -> Self {
        Self { path, ..self }
    }

    /// The folder of the package.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id of the package.
    pub fn load_id(&self) -> &LoadId {
        &self.content.manifest.load_id
    }

    /// What is in it.
    pub fn manifest(&self) -> &Manifest {
        &self.content.manifest
    }

    /// The checksum in `package.json`: the package made from this one names it as its parent.
    pub fn digest(&self) -> Checksum {
        self.content.digest
    }

    /// What the manifest says about a job, whatever its retry count is by now.
    pub fn file_entry(&self, name: &JobFileName) -> Option<&FileEntry> {
        self.file_index(name).map(|index| &self.content.manifest.files[index])
    }

    pub(crate) fn file_index(&self, name: &JobFileName) -> Option<usize> {
        self.content.jobs.get(&name.job_id()).copied()
    }

    /// The text of `schema.json`, compared with its checksum.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`], as for the other documents.
    pub fn schema_json(&self) -> Result<String, Error> {
        self.document(SCHEMA_JSON)?.ok_or_else(|| self.damaged(SCHEMA_JSON, Damage::Missing))
    }

    /// The text of `schema_update.json`, where the package has one.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`].
    pub fn schema_update_json(&self) -> Result<Option<String>, Error> {
        self.document(SCHEMA_UPDATE_JSON)
    }

    /// The text of `state.json`, where the package has one.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`].
    pub fn state_json(&self) -> Result<Option<String>, Error> {
        self.document(STATE_JSON)
    }

    fn document(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(entry) = self.manifest().documents.get(name) else { return Ok(None) };
        let path = self.path.join(name);
        let bytes = self.disk.read_if_exists(&path)?.ok_or_else(|| self.damaged(name, Damage::Missing))?;
        let found = Checksum::of(&bytes);
        if found != entry.checksum {
            return Err(self.damaged(name, Damage::Changed { expected: entry.checksum, found }));
        }
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|error| self.damaged(name, Damage::Unreadable { reason: error.to_string() }))
    }

    /// The jobs in a state, in the order of the manifest.
    ///
    /// # Errors
    /// [`Error::Damaged`] names a file that is not a job of this package.
    pub fn jobs(&self, state: JobState) -> Result<Vec<JobFileName>, Error> {
        let mut jobs = Vec::new();
        for name in self.names_in(state)? {
            if state == JobState::Failed && self.is_reason(&name) || is_deletion_mark(state, &name) {
                continue;
            }
            let job = name.parse::<JobFileName>().ok();
            let found = job.and_then(|job| self.file_index(&job).map(|index| (index, job)));
            jobs.push(found.ok_or_else(|| self.damaged(&format!("{state}/{name}"), Damage::Unknown))?);
        }
        jobs.sort();
        Ok(jobs.into_iter().map(|(_, job)| job).collect())
    }

    /// The path of the job file while it is in this state.
    pub fn job_path(&self, state: JobState, name: &JobFileName) -> PathBuf {
        self.path.join(state.as_str()).join(name.to_string())
    }

    /// The path of a file of quarantined rows.
    pub fn quarantine_path(&self, name: &QuarantineFileName) -> PathBuf {
        self.path.join(QUARANTINE).join(name.to_string())
    }

    /// Why a job failed, where it did.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn failure_reason(&self, name: &JobFileName) -> Result<Option<String>, Error> {
        if !self.disk.exists(&self.job_path(JobState::Failed, name))? {
            return Ok(None);
        }
        let bytes = self.disk.read_if_exists(&self.reason_path(name))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Why the package was set aside; `None` where it was not, or the user asked for it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn abort_reason(&self) -> Result<Option<String>, Error> {
        let bytes = self.disk.read_if_exists(&self.path.join(ABORT_REASON))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    pub(crate) fn reason_path(&self, name: &JobFileName) -> PathBuf {
        self.path.join(JobState::Failed.as_str()).join(format!("{name}{REASON_SUFFIX}"))
    }

    /// Whether this is the reason of a failed job, or of one that was about to be failed.
    pub(crate) fn is_reason(&self, name: &str) -> bool {
        name.strip_suffix(REASON_SUFFIX)
            .and_then(|job| job.parse::<JobFileName>().ok())
            .is_some_and(|job| self.file_index(&job).is_some())
    }

    /// What is in the folder of a state. An empty folder may be missing, as after a checkout from git.
    pub(crate) fn names_in(&self, state: JobState) -> Result<Vec<String>, Error> {
        let folder = self.path.join(state.as_str());
        match self.disk.fs.list(&folder) {
            Ok(entries) => Ok(entries.into_iter().map(|entry| entry.name).collect()),
            Err(error) if is_absent(&error) => Ok(Vec::new()),
            Err(error) => Err::<_, io::Error>(error).at("list", &folder),
        }
    }

    pub(crate) fn damaged(&self, file: &str, damage: Damage) -> Error {
        damaged(&self.path, file, damage)
    }
}

/// In `completed_jobs/` of a loaded package: its job files were deleted on purpose.
pub(crate) const DELETION_MARK: &str = "deleted";

pub(crate) fn is_deletion_mark(state: JobState, name: &str) -> bool {
    state == JobState::Completed && name == DELETION_MARK
}

fn damaged(path: &Path, file: &str, damage: Damage) -> Error {
    Error::Damaged {
        load_id: folder_name(path),
        path: path.to_owned(),
        file: file.to_owned(),
        damage: Box::new(damage),
    }
}

fn folder_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
