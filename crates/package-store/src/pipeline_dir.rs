//! What a store shares with its documents and packages: the paths of a pipeline, its disk and its locks.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cartage_runtime::{CancelToken, Clock};

use crate::disk::{Disk, is_absent};
use crate::error::{At, Error};
use crate::format::Folder;
use crate::fs::{EntryKind, FileLock};
use crate::layout::Layout;
use crate::load_id::LoadId;
use crate::lock::{self, LockError, Wait};
use crate::publish::{self, Presence, Target};

/// The folder of one pipeline, which a store shares with the documents and packages that it gives out.
#[derive(Debug)]
pub(crate) struct PipelineDir {
    pub(crate) layout: Layout,
    pub(crate) disk: Disk,
    pub(crate) pipeline: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cancel: CancelToken,
    /// The newest load id that this store has given away, which need not be on disk yet.
    pub(crate) given: Mutex<Option<LoadId>>,
}

impl PipelineDir {
    pub(crate) fn lock_file(
        &self,
        what: &str,
        wait: Wait,
        cancel: &CancelToken,
    ) -> Result<Box<dyn FileLock>, LockError> {
        let Self { layout, disk, clock, .. } = self;
        lock::acquire(&*disk.fs, &layout.lock(what), what, wait, &**clock, cancel)
    }

    pub(crate) fn ids_in(&self, folder: Folder) -> Result<Vec<LoadId>, Error> {
        let names = self.folder_names(&self.layout.folder(folder))?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    pub(crate) fn folder_names(&self, folder: &Path) -> Result<Vec<String>, Error> {
        match self.disk.fs.list(folder) {
            Ok(entries) => Ok(entries
                .into_iter()
                .filter(|entry| entry.kind == EntryKind::Folder)
                .map(|entry| entry.name)
                .collect()),
            Err(error) if is_absent(&error) => Ok(Vec::new()),
            Err(error) => Err(error).at("list", folder),
        }
    }

    /// Whether there is a complete package of this id in the folder.
    pub(crate) fn holds(&self, folder: Folder, load_id: &LoadId) -> Result<bool, Error> {
        let path = self.layout.package(folder, load_id);
        Ok(publish::presence(&self.disk, &path)? == Presence::Whole)
    }

    /// Whether the package has got into a later folder, so that what is here is only left over.
    pub(crate) fn is_finished_with(&self, folder: Folder, load_id: &LoadId) -> Result<bool, Error> {
        for later in folder.later() {
            if self.holds(*later, load_id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes what a package left in earlier folders, before it leaves the folder that proves them done.
    pub(crate) fn settle(&self, folder: Folder, load_id: &LoadId) -> Result<(), Error> {
        for earlier in Folder::ALL.into_iter().filter(|earlier| earlier.later().contains(&folder)) {
            if self.holds(earlier, load_id)? {
                publish::remove_package(&self.disk, &self.layout.package(earlier, load_id))?;
            }
        }
        Ok(())
    }

    /// Moves a package between folders and returns its new path.
    pub(crate) fn relocate(&self, from: Folder, load_id: &LoadId, to: Folder) -> Result<PathBuf, Error> {
        self.settle(from, load_id)?;
        let path = self.layout.package(to, load_id);
        let target = Target { path: &path, folder: to, load_id };
        publish::relocate(&self.disk, &self.layout.package(from, load_id), target)?;
        tracing::info!(%load_id, %from, %to, "package moved");
        Ok(path)
    }
}
