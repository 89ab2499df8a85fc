//! The file system as the rest of the crate uses it: errors carry their path, and syncs can be off.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cartage_runtime::threads::{start_helpers, start_scoped};

use crate::checksum::Checksum;
use crate::error::{At, Error};
use crate::fs::{EntryKind, FileSystem};

/// Hashing is faster than one thread can read from the page cache; more threads than this do not help.
const HASH_THREADS: usize = 8;

/// A file system, and whether to wait until it has everything on disk.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) durable: bool,
}

/// What is below a folder.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Every file and everything else that is not a folder.
    pub(crate) files: Vec<PathBuf>,
    /// Every folder, those above before those below; the first is the folder itself.
    pub(crate) folders: Vec<PathBuf>,
}

impl Disk {
    /// Whether there is anything at `path`.
    pub(crate) fn exists(&self, path: &Path) -> Result<bool, Error> {
        match self.fs.entry(path) {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error).at("look at", path),
        }
    }

    /// The whole file, or nothing where there is none.
    pub(crate) fn read_if_exists(&self, path: &Path) -> Result<Option<Vec<u8>>, Error> {
        match self.fs.read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error).at("read", path),
        }
    }

    /// Makes a folder with those above it, so that they survive a loss of power.
    pub(crate) fn create_folders(&self, path: &Path) -> Result<(), Error> {
        let mut parents = Vec::new();
        for ancestor in path.ancestors() {
            if self.exists(ancestor)? {
                break;
            }
            parents.extend(ancestor.parent());
        }
        self.fs.create_folders(path).at("create", path)?;
        parents.into_iter().try_for_each(|parent| self.sync_folder(parent))
    }

    /// Puts `bytes` in the place of the file: readers see all of the old or all of the new content,
    /// and after this call only the new one, even if the power fails. Callers hold the documents lock.
    pub(crate) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let temporary = temporary(path);
        let written = self
            .fs
            .write(&temporary, bytes)
            .at("write", &temporary)
            .and_then(|()| self.sync_file(&temporary))
            .and_then(|()| self.fs.rename(&temporary, path).at("replace", path));
        if written.is_err() {
            drop(self.fs.remove_file(&temporary));
        }
        written?;
        self.sync_folder(parent(path))
    }

    /// Removes a file where a power loss may bring it back without harm.
    pub(crate) fn remove_without_sync(&self, path: &Path) -> Result<(), Error> {
        match self.fs.remove_file(path) {
            Err(error) if !is_absent(&error) => Err(error).at("remove", path),
            _ => Ok(()),
        }
    }

    /// Removes a file for good; one that is not there is fine.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), Error> {
        match self.fs.remove_file(path) {
            Ok(()) => self.sync_folder(parent(path)),
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => Err(error).at("remove", path),
        }
    }

    pub(crate) fn sync_file(&self, path: &Path) -> Result<(), Error> {
        if self.durable { self.fs.sync_file(path).at("sync", path) } else { Ok(()) }
    }

    pub(crate) fn sync_folder(&self, path: &Path) -> Result<(), Error> {
        if self.durable { self.fs.sync_folder(path).at("sync", path) } else { Ok(()) }
    }

    /// Makes everything below the folder durable, and the names in it, but not its own name.
    pub(crate) fn sync_tree(&self, tree: &Tree) -> Result<(), Error> {
        if !self.durable {
            return Ok(());
        }
        let synced = self.fs.sync_all(&tree.files, &tree.folders);
        synced.map_err(|(path, source)| Error::Io { action: "sync", path, source })
    }

    /// Everything below a folder.
    pub(crate) fn tree(&self, folder: &Path) -> Result<Tree, Error> {
        let mut tree = Tree::default();
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            for entry in self.fs.list(&folder).at("list", &folder)? {
                let path = folder.join(&entry.name);
                match entry.kind {
                    EntryKind::Folder => waiting.push(path),
                    EntryKind::File | EntryKind::Other => tree.files.push(path),
                }
            }
            tree.folders.push(folder);
        }
        Ok(tree)
    }

    /// Size and checksum of each file, several at a time.
    pub(crate) fn hash(&self, paths: &[PathBuf]) -> Vec<io::Result<(u64, Checksum)>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(HASH_THREADS);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(path) = paths.get(index) else { return done };
                let hashed = self.fs.open(path).and_then(|mut reader| Checksum::of_reader(&mut *reader));
                done.push((index, hashed));
            }
        };
        let mut all = std::thread::scope(|scope| {
            let helpers = threads.min(paths.len()).saturating_sub(1);
            let helpers = start_helpers(helpers, "hash", |name| start_scoped(scope, name, work));
            let mut all = work();
            for helper in helpers {
                all.extend(helper.join().expect("hashing does not panic"));
            }
            all
        });
        all.sort_by_key(|(index, _)| *index);
        all.into_iter().map(|(_, hashed)| hashed).collect()
    }
}

/// Where the new content of a document is written.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY_SUFFIX);
    name.into()
}

/// Ends the name of a document that is being written.
pub(crate) const TEMPORARY_SUFFIX: &str = ".tmp";

/// The folder of a path that is known to have one.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Whether the error says that there is nothing at this path.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
