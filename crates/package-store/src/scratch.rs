//! A copy of a pipeline's folder to try something in, and files of users that are replaced as a whole.

use std::io;
use std::path::Path;
use std::sync::Arc;

use cartage_runtime::Runtime;

use crate::disk::{Disk, is_absent};
use crate::error::{At, Error};
use crate::format::Folder;
use crate::fs::RealFs;
use crate::store::{PackageStore, StoreOptions};

impl PackageStore {
    /// A store in `dir` with the documents of this one and its pending packages. Files of packages are hard
    /// links where the disk allows it: no file of a package is written to, so that both stores can work on
    /// their own. Who makes the copy removes it, too; it is not made durable.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn scratch(&self, dir: &Path, runtime: &Runtime) -> Result<Self, Error> {
        let options = StoreOptions { durable: false, ..StoreOptions::of(runtime) };
        let scratch = Self::open(dir, self.pipeline(), options)?;
        let (from, to) = (self.layout(), scratch.layout());
        for (from, to) in [(from.state(), to.state()), (from.last_load_id(), to.last_load_id())] {
            scratch.disk().take(&from, &to, false)?;
        }
        scratch.disk().take_folder(&from.schemas(), &to.schemas(), false)?;
        for folder in [Folder::Extracted, Folder::Normalized] {
            for load_id in self.list(folder)? {
                let (from, to) = (from.package(folder, &load_id), to.package(folder, &load_id));
                scratch.disk().take_folder(&from, &to, true)?;
            }
        }
        Ok(scratch)
    }
}

impl Disk {
    /// Copies a file, or links it. One that is not there is left out.
    fn take(&self, from: &Path, to: &Path, link: bool) -> Result<(), Error> {
        if link && self.fs.hard_link(from, to).is_ok() {
            return Ok(());
        }
        match self.fs.copy(from, to) {
            Err(error) if !is_absent(&error) => Err(error).at("copy", from),
            _ => Ok(()),
        }
    }

    fn take_folder(&self, from: &Path, to: &Path, link: bool) -> Result<(), Error> {
        if !self.exists(from)? {
            return Ok(());
        }
        let tree = self.tree(from)?;
        let place = |path: &Path| path.strip_prefix(from).map(|below| to.join(below));
        for folder in &tree.folders {
            let folder = place(folder).map_err(io::Error::other).at("copy", folder)?;
            self.fs.create_folders(&folder).at("create", &folder)?;
        }
        for file in &tree.files {
            let target = place(file).map_err(io::Error::other).at("copy", file)?;
            self.take(file, &target, link)?;
        }
        Ok(())
    }
}

/// Replaces a file of the user outside of any store, with the folders above it: readers see the old or the new
/// text.
///
/// # Errors
/// [`Error::Io`].
pub fn replace_file(path: &Path, text: &str) -> Result<(), Error> {
    let disk = Disk { fs: Arc::new(RealFs), durable: true };
    let path = std::path::absolute(path).at("find", path)?;
    if let Some(folder) = path.parent() {
        disk.create_folders(folder)?;
    }
    disk.replace(&path, text.as_bytes())
}
