//! [`PackageStore`]: opens the folder of a pipeline, and finds the packages in it.

mod next_load_id;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cartage_runtime::{CancelToken, Clock, Runtime, Stage, SystemClock};

use crate::disk::Disk;
use crate::documents::Documents;
use crate::error::{At, Damage, Error};
use crate::format::{ABORT_REASON, Folder, PACKAGE_JSON};
use crate::fs::{FileSystem, RealFs};
use crate::layout::Layout;
use crate::load_id::LoadId;
use crate::lock::{LockError, RunLock, StageLock, Wait};
use crate::package::Package;
use crate::pipeline_dir::PipelineDir;
use crate::publish::{self, Presence};
use crate::published::{InFolder, PublishedPackage};
use crate::writer::StagedPackage;

/// How a store works.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The file system that holds the packages.
    pub fs: Arc<dyn FileSystem>,
    /// Whether to wait until the disk has everything. Only tests and copies that are thrown away may say no.
    pub durable: bool,
    /// Tells since when a lock is held.
    pub clock: Arc<dyn Clock>,
    /// Ends the wait for a lock.
    pub cancel: CancelToken,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            fs: Arc::new(RealFs),
            durable: true,
            clock: Arc::new(SystemClock),
            cancel: CancelToken::default(),
        }
    }
}

impl StoreOptions {
    /// Durable, on the disks of this machine, with the clock and the cancellation of `runtime`.
    pub fn of(runtime: &Runtime) -> Self {
        Self { clock: Arc::clone(&runtime.clock), cancel: runtime.cancel.clone(), ..Self::default() }
    }
}

/// The packages and documents of one pipeline. Cloning shares the store.
#[derive(Clone, Debug)]
pub struct PackageStore {
    pub(crate) inner: Arc<PipelineDir>,
}

impl PackageStore {
    /// Opens the folder of a pipeline (`<data dir>/pipelines/<name>`), and makes it where it is missing.
    ///
    /// # Errors
    /// [`Error::NewerFormat`] or [`Error::OtherPipeline`] if the folder is not for us, [`Error::Io`].
    pub fn open(dir: &Path, pipeline: &str, options: StoreOptions) -> Result<Self, Error> {
        let store = Self::new(dir, pipeline, options)?;
        let known = store.check_name()?;
        for folder in store.layout().all_folders() {
            store.disk().create_folders(&folder)?;
        }
        if !known {
            store.documents().create_identity()?;
            store.check_name()?;
        }
        Ok(store)
    }

    /// Opens the folder of a pipeline that must exist, and writes nothing: for status and the like.
    ///
    /// # Errors
    /// [`Error::NoSuchPipeline`], and those of [`PackageStore::open`].
    pub fn open_existing(dir: &Path, pipeline: &str, options: StoreOptions) -> Result<Self, Error> {
        let store = Self::new(dir, pipeline, options)?;
        if store.check_name()? {
            Ok(store)
        } else {
            Err(Error::NoSuchPipeline { path: store.dir().to_owned() })
        }
    }

    fn new(dir: &Path, pipeline: &str, options: StoreOptions) -> Result<Self, Error> {
        let StoreOptions { fs, durable, clock, cancel } = options;
        // A later change of the working directory must not lead elsewhere.
        let layout = Layout::new(std::path::absolute(dir).at("find", dir)?);
        let (disk, pipeline) = (Disk { fs, durable }, pipeline.to_owned());
        let given = Mutex::new(None);
        Ok(Self { inner: Arc::new(PipelineDir { layout, disk, pipeline, clock, cancel, given }) })
    }

    /// Whether the folder belongs to a pipeline at all; an error if it belongs to another one.
    fn check_name(&self) -> Result<bool, Error> {
        match self.documents().identity()? {
            None => Ok(false),
            Some(found) if found == self.pipeline() => Ok(true),
            Some(found) => Err(Error::OtherPipeline {
                path: self.dir().to_owned(),
                found,
                expected: self.pipeline().to_owned(),
            }),
        }
    }

    /// The folder of the pipeline.
    pub fn dir(&self) -> &Path {
        self.layout().root()
    }

    /// The name of the pipeline.
    pub fn pipeline(&self) -> &str {
        &self.inner.pipeline
    }

    /// The folder in which a destination called `name` may remember how far loads are, if it has no place of its
    /// own for that. Its contents are the destination's; it makes the folder when it needs one.
    ///
    /// # Errors
    /// [`Error::InvalidName`] if `name` cannot be that of a folder.
    pub fn destination_dir(&self, name: &str) -> Result<PathBuf, Error> {
        Ok(self.layout().destination(name)?)
    }

    /// State, schemas, traces and the run marker of the pipeline.
    pub fn documents(&self) -> Documents<'_> {
        Documents::new(&self.inner)
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.inner.layout
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.inner.disk
    }

    /// Takes the right to work as `stage`. Within a process too, there is one at a time.
    ///
    /// # Errors
    /// [`LockError::Held`] says who has it.
    pub fn lock(&self, stage: Stage, wait: Wait) -> Result<StageLock, LockError> {
        let lock = self.inner.lock_file(&stage.to_string(), wait, &self.inner.cancel)?;
        Ok(StageLock::new(stage, self.layout().lock(&stage.to_string()), lock))
    }

    /// Takes the right to make a run over all stages. The stages still take their own locks, so that a
    /// stage binary beside the run is kept out too.
    ///
    /// # Errors
    /// [`LockError::Held`] says who has it.
    pub fn lock_run(&self, wait: Wait) -> Result<RunLock, LockError> {
        self.inner.lock_file("run", wait, &self.inner.cancel).map(RunLock::new)
    }

    /// Begins a package. `random` keeps apart two attempts at the same package.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn stage(&self, lock: &StageLock, load_id: LoadId, random: u64) -> Result<StagedPackage, Error> {
        StagedPackage::create(&self.inner, lock, load_id, random)
    }

    /// The packages in a folder, oldest first. One that has already got further is not among them; one
    /// that has lost its `package.json` is, so that opening it tells.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn list(&self, folder: Folder) -> Result<Vec<LoadId>, Error> {
        let mut ids = self.newest_first(folder)?.collect::<Result<Vec<_>, _>>()?;
        ids.reverse();
        Ok(ids)
    }

    /// The same, the newest first; each is looked at only when it is asked for.
    ///
    /// # Errors
    /// [`Error::Io`], also of each package.
    pub fn newest_first(
        &self,
        folder: Folder,
    ) -> Result<impl Iterator<Item = Result<LoadId, Error>> + '_, Error> {
        let mut ids = self.inner.ids_in(folder)?;
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids.into_iter().filter_map(move |load_id| match self.is_visible(folder, &load_id) {
            Ok(is_visible) => is_visible.then_some(Ok(load_id)),
            Err(error) => Some(Err(error)),
        }))
    }

    /// Whether a package is to be seen in this folder.
    fn is_visible(&self, folder: Folder, load_id: &LoadId) -> Result<bool, Error> {
        let presence = publish::presence(self.disk(), &self.layout().package(folder, load_id))?;
        let is_here = matches!(presence, Presence::Whole | Presence::MissingManifest);
        Ok(is_here && !self.inner.is_finished_with(folder, load_id)?)
    }

    /// Whether the package is not in the folder any more: it moved on, or it was dropped. A reader without the
    /// lock of the stage asks this when it cannot read what it found a moment before.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn has_left(&self, folder: Folder, load_id: &LoadId) -> Result<bool, Error> {
        Ok(!self.is_visible(folder, load_id)?)
    }

    /// Moves a package to `aborted/` without opening it, so that damaged ones can be aborted too. What the
    /// package left in earlier folders goes with it.
    ///
    /// # Errors
    /// As [`PublishedPackage::finish_load`].
    pub fn abort(&self, folder: Folder, load_id: &LoadId) -> Result<(), Error> {
        self.inner.relocate(folder, load_id, Folder::Aborted).map(drop)
    }

    /// The same with a reason, which stays with the package: the user has not asked for it and will want to know.
    ///
    /// # Errors
    /// As [`PackageStore::abort`]; where only the reason cannot be written, the package has moved.
    pub fn set_aside(&self, folder: Folder, load_id: &LoadId, reason: &str) -> Result<(), Error> {
        let path = self.inner.relocate(folder, load_id, Folder::Aborted)?;
        self.disk().replace(&path.join(ABORT_REASON), reason.as_bytes())
    }

    /// Opens the package in `folder`. This verifies `package.json` and nothing else.
    ///
    /// # Errors
    /// [`Error::NoSuchPackage`], [`Error::Damaged`], [`Error::NewerFormat`], [`Error::OtherPipeline`].
    pub fn open_package<F: InFolder>(
        &self,
        folder: F,
        load_id: &LoadId,
    ) -> Result<PublishedPackage<F>, Error> {
        let path: PathBuf = self.layout().package(folder.folder(), load_id);
        let package = Package::read(self.disk().clone(), path)?;
        if package.load_id() != load_id {
            let reason = format!("it is that of package {}", package.load_id());
            return Err(package.damaged(PACKAGE_JSON, Damage::Unreadable { reason }));
        }
        let found = &package.manifest().pipeline;
        if found != self.pipeline() {
            let (path, expected) = (package.path().to_owned(), self.pipeline().to_owned());
            return Err(Error::OtherPipeline { path, found: found.clone(), expected });
        }
        Ok(PublishedPackage::new(Arc::clone(&self.inner), folder, package))
    }
}
