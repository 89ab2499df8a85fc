//! The seam to the file system: everything this crate does to a disk goes through [`FileSystem`].

mod real;

use std::fmt::Debug;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use real::RealFs;

/// What an [`Entry`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link, device, socket and so on.
    Other,
}

/// A name in a folder. Links are not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, with replacement characters where it is not Unicode.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Size of a file in bytes; 0 of a folder.
    pub bytes: u64,
}

/// A held lock; dropping it frees the lock.
pub trait FileLock: Debug + Send + Sync {
    /// Replaces the text in the lock file.
    ///
    /// # Errors
    /// Those of the file system.
    fn write(&mut self, text: &[u8]) -> io::Result<()>;
}

/// The operations of a file system that packages need, and nothing more.
///
/// Implementations promise: `rename` of a file is atomic and replaces; `rename` of a folder is atomic
/// and fails on a target that is not empty, or the whole operation fails with
/// [`CrossesDevices`](io::ErrorKind::CrossesDevices) or [`Unsupported`](io::ErrorKind::Unsupported);
/// what was synced survives a loss of power, what was not may or may not.
pub trait FileSystem: Debug + Send + Sync {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// Those of the file system, as for all methods below.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>>;

    /// What is at `path`.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) among others.
    fn entry(&self, path: &Path) -> io::Result<Entry>;

    /// What is in the folder, by name.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) among others.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;

    /// Makes a folder and the missing folders above it; one that exists is fine.
    ///
    /// # Errors
    /// Those of the file system.
    fn create_folders(&self, path: &Path) -> io::Result<()>;

    /// Makes a folder that must not exist.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) among others.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Writes a whole file, in place of one that exists. Neither atomic nor durable.
    ///
    /// # Errors
    /// Those of the file system.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Gives a file or folder another name on the same file system.
    ///
    /// # Errors
    /// See the promises above.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives the file `original` a second name.
    ///
    /// # Errors
    /// Those of the file system.
    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()>;

    /// Copies a file. Neither atomic nor durable.
    ///
    /// # Errors
    /// Those of the file system.
    fn copy(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) among others.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) among others.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes the bytes of a file durable, but not its name.
    ///
    /// # Errors
    /// Those of the file system.
    fn sync_file(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// Those of the file system.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Takes the lock file at `path`, making it where it is missing; `None` while it is held.
    ///
    /// # Errors
    /// Those of the file system.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>>;

    /// [`FileSystem::sync_file`] and [`FileSystem::sync_folder`] of each, maybe at the same time: a journal
    /// writes what is asked for together in one go. On an error some are synced; the path that failed
    /// comes with it.
    ///
    /// # Errors
    /// The first error.
    fn sync_all(&self, files: &[PathBuf], folders: &[PathBuf]) -> Result<(), (PathBuf, io::Error)> {
        let at = |path: &PathBuf, synced: io::Result<()>| synced.map_err(|error| (path.clone(), error));
        files.iter().try_for_each(|file| at(file, self.sync_file(file)))?;
        folders.iter().try_for_each(|folder| at(folder, self.sync_folder(folder)))
    }

    /// The whole file.
    ///
    /// # Errors
    /// Those of the file system.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Removes a folder and all that is in it. What another process removes meanwhile is fine.
    ///
    /// # Errors
    /// Those of the file system.
    fn remove_all(&self, folder: &Path) -> io::Result<()> {
        let Some(entries) = gone_is_fine(self.list(folder))? else { return Ok(()) };
        for entry in entries {
            let path = folder.join(&entry.name);
            gone_is_fine(match entry.kind {
                EntryKind::Folder => self.remove_all(&path),
                EntryKind::File | EntryKind::Other => self.remove_file(&path),
            })?;
        }
        gone_is_fine(self.remove_folder(folder)).map(drop)
    }
}

/// Nothing where the thing was not there.
fn gone_is_fine<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
