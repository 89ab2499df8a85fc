//! Packages that are being made: [`StagedPackage`], then [`SealedPackage`], then published.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::checksum::Checksum;
use crate::disk::Disk;
use crate::error::{At, Error};
use crate::format::{JobState, PACKAGE_JSON, QUARANTINE, SCHEMA_JSON, SCHEMA_UPDATE_JSON, STATE_JSON};
use crate::job_name::{JobFileName, QuarantineFileName};
use crate::layout::StagingName;
use crate::load_id::LoadId;
use crate::lock::StageLock;
use crate::manifest::{DocumentEntry, Manifest, ManifestDraft};
use crate::package::Package;
use crate::package_json;
use crate::pipeline_dir::PipelineDir;
use crate::publish::{self, Target};
use crate::published::{InFolder, PublishedPackage};
use crate::seal::Sealer;
use crate::write_back::WriteBack;

/// A package that is being written. Nobody else sees it; dropping it removes it.
///
/// All methods take `&self`, so that several threads can write files at the same time.
#[derive(Debug)]
#[must_use = "dropping a staged package removes its folder"]
pub struct StagedPackage {
    staging: Staging,
    load_id: LoadId,
    documents: Mutex<BTreeMap<String, DocumentEntry>>,
    write_back: Mutex<WriteBack>,
}

/// A staging folder: removed when dropped, safe from sweeping until then.
#[derive(Debug)]
struct Staging {
    dir: Arc<PipelineDir>,
    lock: StageLock,
    path: PathBuf,
}

impl Staging {
    fn disk(&self) -> &Disk {
        &self.dir.disk
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After a publish there is nothing to remove. What cannot be removed now is swept later.
        drop(self.disk().fs.remove_all(&self.path));
        self.lock.unregister(&self.path);
    }
}

impl StagedPackage {
    pub(crate) fn create(
        dir: &Arc<PipelineDir>,
        lock: &StageLock,
        load_id: LoadId,
        random: u64,
    ) -> Result<Self, Error> {
        let name = StagingName { load_id: load_id.clone(), stage: lock.stage(), random };
        let path = dir.layout.staging().join(name.to_string());
        dir.disk.fs.create_folder(&path).at("create", &path)?;
        lock.register(&path);
        let staging = Staging { dir: Arc::clone(dir), lock: lock.clone(), path };
        for state in JobState::ALL {
            let folder = staging.path.join(state.as_str());
            dir.disk.fs.create_folder(&folder).at("create", &folder)?;
        }
        let write_back = Mutex::new(WriteBack::new(dir.disk.clone()));
        Ok(Self { staging, load_id, documents: Mutex::default(), write_back })
    }

    /// The id of the package.
    pub fn load_id(&self) -> &LoadId {
        &self.load_id
    }

    /// Where the caller writes this job file. Publishing syncs it.
    pub fn job_path(&self, name: &JobFileName) -> PathBuf {
        self.staging.path.join(JobState::New.as_str()).join(name.to_string())
    }

    /// Says that the caller has appended this many bytes to a job file. Long files are synced in the background
    /// from then on, while they grow, so that publishing waits for their ends only. Nothing has to say so.
    pub fn appended(&self, name: &JobFileName, bytes: u64) {
        let path = self.job_path(name);
        self.write_back.lock().unwrap_or_else(PoisonError::into_inner).note(&path, bytes);
    }

    /// Where the caller writes quarantined rows. Publishing syncs the file.
    ///
    /// # Errors
    /// The quarantine folder cannot be made.
    pub fn quarantine_path(&self, name: &QuarantineFileName) -> Result<PathBuf, Error> {
        let folder = self.staging.path.join(QUARANTINE);
        self.staging.disk().fs.create_folders(&folder).at("create", &folder)?;
        Ok(folder.join(name.to_string()))
    }

    /// Takes an existing file as a job file: by a hard link, or by a copy where there can be none.
    ///
    /// With a link, later writes into the original in place damage the package, which is found
    /// by its checksum; replacing the original does no harm.
    ///
    /// # Errors
    /// `source` cannot be read or the disk not be written.
    pub fn link_job(&self, source: &Path, name: &JobFileName) -> Result<(), Error> {
        let fs = &self.staging.disk().fs;
        let target = self.job_path(name);
        // A link to a symbolic link would be one itself, and lead out of the package.
        let original = std::fs::canonicalize(source).unwrap_or_else(|_| source.to_owned());
        if fs.hard_link(&original, &target).is_err() {
            fs.copy(&original, &target).at("copy", source)?;
        }
        Ok(())
    }

    /// Writes `schema.json`, which every package has. Writing again replaces it, as with all documents.
    ///
    /// # Errors
    /// The disk cannot be written, as with all documents.
    pub fn write_schema(&self, json: &str) -> Result<(), Error> {
        self.write_document(SCHEMA_JSON, json)
    }

    /// Writes `schema_update.json`: what this package adds to the schema.
    ///
    /// # Errors
    /// The disk cannot be written.
    pub fn write_schema_update(&self, json: &str) -> Result<(), Error> {
        self.write_document(SCHEMA_UPDATE_JSON, json)
    }

    /// Writes `state.json`: the pipeline state to commit with this load.
    ///
    /// # Errors
    /// The disk cannot be written.
    pub fn write_state(&self, json: &str) -> Result<(), Error> {
        self.write_document(STATE_JSON, json)
    }

    fn write_document(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.staging.path.join(name);
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        self.staging.disk().fs.write(&path, text.as_bytes()).at("write", &path)?;
        let entry = DocumentEntry { bytes: text.len() as u64, checksum: Checksum::of(text.as_bytes()) };
        documents.insert(name.to_owned(), entry);
        Ok(())
    }

    /// Ends writing: adds sizes and checksums and writes `package.json`. Nothing is synced yet.
    ///
    /// # Errors
    /// [`Error::NotSealable`] if `schema.json` was not written, if a file of the draft is missing or has
    /// another size than its writer said, or if there are files that the draft does not name.
    /// [`Error::Io`] if the disk cannot be read or written, now or in the background before.
    pub fn seal(self, draft: ManifestDraft) -> Result<SealedPackage, Error> {
        let Self { staging, load_id, documents, write_back } = self;
        let documents = documents.into_inner().unwrap_or_else(PoisonError::into_inner);
        let sealer = Sealer {
            disk: staging.disk(),
            path: &staging.path,
            pipeline: &staging.dir.pipeline,
            stage: staging.lock.stage(),
            load_id: &load_id,
        };
        let manifest = sealer.manifest(draft, documents)?;
        let (bytes, digest) = package_json::encode(&manifest);
        let path = staging.path.join(PACKAGE_JSON);
        staging.disk().fs.write(&path, &bytes).at("write", &path)?;
        write_back.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?;
        Ok(SealedPackage { staging, manifest, digest })
    }
}

/// A complete package that can only be published or dropped.
#[derive(Debug)]
#[must_use = "dropping a sealed package removes its staging folder"]
pub struct SealedPackage {
    staging: Staging,
    manifest: Manifest,
    digest: Checksum,
}

impl SealedPackage {
    /// What is in it.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Makes the package visible in a folder in one step, and durable.
    ///
    /// Order: sync every file and folder, rename, sync both parent folders. Where the folder
    /// cannot be renamed the files are copied, `package.json` last.
    ///
    /// # Errors
    /// [`Error::AlreadyPublished`] if the folder holds this load id: nothing has changed there.
    /// [`Error::NotDurable`] if the package is visible and a later sync failed: it may vanish when the
    /// power fails, so open it again before relying on it.
    /// [`Error::Io`] otherwise: nothing is visible. In every case but `NotDurable` the package is gone
    /// and the stage has to make it again, because after a failed sync its bytes cannot be trusted.
    pub fn publish<F: InFolder>(self, into: F) -> Result<PublishedPackage<F>, Error> {
        let Self { staging, manifest, digest } = self;
        let folder = into.folder();
        let dir = Arc::clone(&staging.dir);
        let path = dir.layout.package(folder, &manifest.load_id);
        let target = Target { path: &path, folder, load_id: &manifest.load_id };
        publish::publish(&dir.disk, &staging.path, target)?;
        tracing::info!(load_id = %manifest.load_id, %folder, files = manifest.files.len(), "package published");
        let package = Package::new(dir.disk.clone(), path, manifest, digest);
        Ok(PublishedPackage::new(dir, into, package))
    }
}
