//! A package in a folder of a store: what it can be read as, and where it goes next.

use std::ops::Deref;

use crate::error::Error;
use crate::format::Folder;
use crate::package::Package;
use crate::publish;
use crate::store::PackageStore;

/// A package in one of the folders of a store. It reads as a [`Package`]; its jobs can be moved from
/// several threads at once, and the caller holds the lock of the stage that does so.
#[derive(Debug)]
pub struct PublishedPackage {
    pub(crate) store: PackageStore,
    folder: Folder,
    pub(crate) package: Package,
}

impl Deref for PublishedPackage {
    type Target = Package;

    fn deref(&self) -> &Package {
        &self.package
    }
}

impl PublishedPackage {
    pub(crate) fn new(store: PackageStore, folder: Folder, package: Package) -> Self {
        Self { store, folder, package }
    }

    /// Where it is.
    pub fn folder(&self) -> Folder {
        self.folder
    }

    /// Removes the package. If this is cut, the package is there as a whole or gone; a sweep removes the
    /// rest. One that somebody else removed meanwhile is fine.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn discard(self) -> Result<(), Error> {
        self.store.settle(self.folder, self.load_id())?;
        self.store.remember_load_id(self.folder, self.load_id())?;
        publish::withdraw(self.store.disk(), self.path())
    }

    /// Moves the package with its jobs as they are to another folder, create-only.
    ///
    /// # Errors
    /// As [`SealedPackage::publish`](crate::SealedPackage::publish); the package stays where it is
    /// unless the error is [`Error::NotDurable`].
    pub fn move_to(self, folder: Folder) -> Result<Self, Error> {
        let Self { store, folder: from, package } = self;
        let path = store.relocate(from, package.load_id(), folder)?;
        let package = package.moved_to(path);
        Ok(Self { store, folder, package })
    }
}
