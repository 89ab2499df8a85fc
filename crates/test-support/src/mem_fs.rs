//! A file system in memory that forgets what was not synced.

mod tree;

use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use cartage_package_store::{Entry, FileLock, FileSystem};

use crate::faults::{Change, Faults, Plan};
pub use tree::Survival;
use tree::Tree;

/// A file system in memory: what was synced survives a [`MemFs::reboot`], what was not may not.
///
/// Writing is not atomic: a file has half of its bytes for one step. Paths are absolute.
#[derive(Debug)]
pub struct MemFs {
    tree: Arc<Mutex<Tree>>,
    faults: Faults,
    renames_folders: bool,
}

impl Default for MemFs {
    fn default() -> Self {
        Self::with(Tree::default(), Plan::Undisturbed, true)
    }
}

impl MemFs {
    fn with(tree: Tree, plan: Plan, renames_folders: bool) -> Self {
        Self { tree: Arc::new(Mutex::new(tree)), faults: Faults::new(plan), renames_folders }
    }

    /// Like a bucket that is mounted through FUSE: folders cannot be renamed.
    #[must_use]
    pub fn without_folder_renames(self) -> Self {
        Self { renames_folders: false, ..self }
    }

    /// The same content on another disk, all of it synced, on which `plan` goes wrong.
    #[must_use]
    pub fn fork(&self, plan: Plan) -> Self {
        Self::with(self.tree().survivors(Survival::All), plan, self.renames_folders)
    }

    /// What is found after a loss of power, on a machine that works again and holds no locks.
    #[must_use]
    pub fn reboot(&self, survival: Survival) -> Self {
        Self::with(self.tree().survivors(survival), Plan::Undisturbed, self.renames_folders)
    }

    /// Number of changes that were tried.
    pub fn steps(&self) -> usize {
        self.faults.steps()
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().expect("no test goes on after a panic")
    }

    fn change(&self, change: Change) -> io::Result<MutexGuard<'_, Tree>> {
        self.faults.step(change)?;
        Ok(self.tree())
    }

    fn look(&self) -> io::Result<MutexGuard<'_, Tree>> {
        self.faults.look()?;
        Ok(self.tree())
    }
}

impl FileSystem for MemFs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.look()?.bytes(path)?)))
    }

    fn entry(&self, path: &Path) -> io::Result<Entry> {
        self.look()?.entry(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.look()?.list(folder)
    }

    fn create_folders(&self, path: &Path) -> io::Result<()> {
        let mut missing: Vec<&Path> = path.ancestors().collect();
        missing.retain(|folder| self.entry(folder).is_err());
        missing.into_iter().rev().try_for_each(|folder| self.create_folder(folder))
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.change(Change::Grow)?.create_folder(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.change(Change::Grow)?.write(path, &bytes[..bytes.len() / 2])?;
        self.change(Change::Grow)?.write(path, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut tree = self.change(Change::Other)?;
        if !self.renames_folders && tree.list(from).is_ok() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        tree.rename(from, to)
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.change(Change::Grow)?.hard_link(original, link)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let bytes = self.look()?.bytes(from)?;
        self.write(to, &bytes)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.change(Change::Other)?.remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.change(Change::Other)?.remove_folder(path)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.change(Change::Other)?.sync_file(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.change(Change::Other)?.sync_folder(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let mut tree = self.look()?;
        if !tree.locked.insert(path.to_owned()) {
            return Ok(None);
        }
        let written = tree.write(path, b"");
        let lock = MemLock { tree: Arc::clone(&self.tree), path: path.to_owned() };
        // The guard ends before the lock can be dropped, which takes it again.
        drop(tree);
        written.map(|()| Some(Box::new(lock) as Box<dyn FileLock>))
    }
}

#[derive(Debug)]
struct MemLock {
    tree: Arc<Mutex<Tree>>,
    path: PathBuf,
}

impl FileLock for MemLock {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.tree.lock().expect("no test goes on after a panic").write(&self.path, text)
    }
}

impl Drop for MemLock {
    fn drop(&mut self) {
        if let Ok(mut tree) = self.tree.lock() {
            tree.locked.remove(&self.path);
        }
    }
}
