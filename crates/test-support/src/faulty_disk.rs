//! The disk of this machine, on which something goes wrong: for stages that write files themselves.

use std::io::{self, Read};
use std::path::Path;

use cartage_package_store::{Entry, FileLock, FileSystem, RealFs};

use crate::faults::{Change, Faults, Plan};

/// [`RealFs`] with a [`Plan`]. It sees only what goes through the seam, not what stages write into
/// job files.
#[derive(Debug)]
pub struct FaultyDisk {
    faults: Faults,
    renames_folders: bool,
}

impl FaultyDisk {
    /// Goes wrong as planned.
    pub fn new(plan: Plan) -> Self {
        Self { faults: Faults::new(plan), renames_folders: true }
    }

    /// As if `staging/` and the other folders were on different devices.
    #[must_use]
    pub fn without_folder_renames(self) -> Self {
        Self { renames_folders: false, ..self }
    }

    /// Number of changes that were tried.
    pub fn steps(&self) -> usize {
        self.faults.steps()
    }
}

impl FileSystem for FaultyDisk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        self.faults.look()?;
        RealFs.open(path)
    }

    fn entry(&self, path: &Path) -> io::Result<Entry> {
        self.faults.look()?;
        RealFs.entry(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.faults.look()?;
        RealFs.list(folder)
    }

    fn create_folders(&self, path: &Path) -> io::Result<()> {
        if self.entry(path).is_ok() {
            return Ok(());
        }
        self.faults.step(Change::Grow)?;
        RealFs.create_folders(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.faults.step(Change::Grow)?;
        RealFs.create_folder(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.faults.step(Change::Grow)?;
        RealFs.write(path, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.faults.step(Change::Other)?;
        if !self.renames_folders && from.is_dir() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        RealFs.rename(from, to)
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.faults.step(Change::Grow)?;
        RealFs.hard_link(original, link)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.faults.step(Change::Grow)?;
        RealFs.copy(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.faults.step(Change::Other)?;
        RealFs.remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.faults.step(Change::Other)?;
        RealFs.remove_folder(path)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.faults.step(Change::Other)?;
        RealFs.sync_file(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.faults.step(Change::Other)?;
        RealFs.sync_folder(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        self.faults.look()?;
        RealFs.try_lock(path)
    }
}
