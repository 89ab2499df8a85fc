//! A package in a folder of a store: what it can be read as, and where it goes next.

use std::fmt::Debug;
use std::ops::Deref;
use std::sync::Arc;

use cartage_runtime::Stage;

use crate::error::Error;
use crate::format::Folder;
use crate::jobs::LockedJobs;
use crate::lock::StageLock;
use crate::package::Package;
use crate::pipeline_dir::PipelineDir;
use crate::publish;

/// In `extracted/`: waits for normalize.
#[derive(Clone, Copy, Debug)]
pub struct Extracted;

/// In `normalized/`: waits for load, or is being loaded.
#[derive(Clone, Copy, Debug)]
pub struct Normalized;

/// Folder `loaded/`: packages whose load is complete.
#[derive(Clone, Copy, Debug)]
pub struct Loaded;

/// Where a package is: [`Extracted`], [`Normalized`] or [`Loaded`] where the compiler knows, else a [`Folder`].
pub trait InFolder: Copy + Debug + sealed::Sealed {
    /// The folder of this type.
    fn folder(self) -> Folder;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Extracted {}
    impl Sealed for super::Normalized {}
    impl Sealed for super::Loaded {}
    impl Sealed for super::Folder {}
}

impl InFolder for Extracted {
    fn folder(self) -> Folder {
        Folder::Extracted
    }
}

impl InFolder for Normalized {
    fn folder(self) -> Folder {
        Folder::Normalized
    }
}

impl InFolder for Loaded {
    fn folder(self) -> Folder {
        Folder::Loaded
    }
}

impl InFolder for Folder {
    fn folder(self) -> Folder {
        self
    }
}

/// A package in one of the folders of a store. It reads as a [`Package`].
///
/// Only the jobs of normalized packages run, so only theirs can be moved:
///
/// ```compile_fail,E0599
/// use cartage_package_store::{Error, Extracted, PublishedPackage, StageLock};
///
/// fn load(package: &PublishedPackage<Extracted>, lock: &StageLock) -> Result<(), Error> {
///     package.lock_jobs(lock).map(drop)
/// }
/// ```
#[derive(Debug)]
pub struct PublishedPackage<F = Folder> {
    dir: Arc<PipelineDir>,
    folder: F,
    package: Package,
}

impl<F> Deref for PublishedPackage<F> {
    type Target = Package;

    fn deref(&self) -> &Package {
        &self.package
    }
}

impl<F: InFolder> PublishedPackage<F> {
    pub(crate) fn new(dir: Arc<PipelineDir>, folder: F, package: Package) -> Self {
        Self { dir, folder, package }
    }

    /// The folder of the store that holds the package.
    pub fn folder(&self) -> Folder {
        self.folder.folder()
    }

    /// Removes the package. If this is interrupted, the package is there completely or not at all; a sweep removes
    /// the rest. One that another process removed meanwhile is fine.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn discard(self) -> Result<(), Error> {
        self.dir.settle(self.folder(), self.load_id())?;
        self.dir.remember_load_id(self.folder(), self.load_id())?;
        publish::remove_package(&self.dir.disk, self.path())
    }
}

impl PublishedPackage<Normalized> {
    /// The right to move the jobs of this package. Several threads may use it at once.
    ///
    /// # Errors
    /// [`Error::WrongLock`] if `lock` is not that of the load stage of this pipeline.
    pub fn lock_jobs<'p>(&'p self, lock: &'p StageLock) -> Result<LockedJobs<'p>, Error> {
        self.check_lock(lock)?;
        Ok(LockedJobs::new(&self.package, lock))
    }

    /// Moves the package with its jobs as they are to `loaded/`, create-only.
    ///
    /// # Errors
    /// [`Error::WrongLock`] if `lock` is not that of the load stage of this pipeline, else as
    /// [`SealedPackage::publish`](crate::SealedPackage::publish); the package stays where it is unless the
    /// error is [`Error::NotDurable`].
    pub fn finish_load(self, lock: &StageLock) -> Result<PublishedPackage<Loaded>, Error> {
        self.check_lock(lock)?;
        let Self { dir, package, .. } = self;
        let path = dir.relocate(Folder::Normalized, package.load_id(), Folder::Loaded)?;
        let package = package.moved_to(path);
        Ok(PublishedPackage::new(dir, Loaded, package))
    }

    fn check_lock(&self, lock: &StageLock) -> Result<(), Error> {
        let needed = self.dir.layout.lock(&Stage::Load.to_string());
        if lock.path() == needed {
            return Ok(());
        }
        let (load_id, given) = (self.load_id().clone(), lock.path().to_owned());
        Err(Error::WrongLock { load_id, needed, given })
    }
}
