//! A folder of this machine, or one that is mounted.
//!
//! A file is written below `_cartage/tmp/`, synced, and then linked to its name: a link never replaces a file,
//! and readers never meet half of one. What object_store writes beside the final name (`name#1`) would be taken
//! for data by programs that read whole folders, and stay there after a crash.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cartage_destinations_api::Result;

use super::{Created, Found, IN_FLIGHT, step};
use crate::error::local as explain;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// The folder of a dataset.
#[derive(Debug)]
pub(crate) struct Local {
    root: PathBuf,
    scratch: PathBuf,
}

impl Local {
    pub(crate) fn new(root: PathBuf, pipeline: &str) -> Self {
        let scratch = root.join(IN_FLIGHT).join("tmp").join(step(pipeline));
        Self { root, scratch }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn create(&self, name: &str, bytes: &[u8]) -> Result<Created> {
        self.publish(name, |file| file.write_all(bytes))
    }

    pub(crate) fn create_from(&self, name: &str, source: &Path) -> Result<Created> {
        let mut source_file = File::open(source).map_err(|cause| explain("read", source, cause))?;
        // Copied by the kernel, without a detour through this process, where the file systems allow it.
        self.publish(name, |file| io::copy(&mut source_file, file).map(drop))
    }

    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.delete(name)?;
        self.create(name, bytes).map(drop)
    }

    fn publish(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<Created> {
        let target = self.path(name);
        if target.exists() {
            return Ok(Created::Exists);
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        fs::create_dir_all(&self.scratch).map_err(|cause| explain("make", &self.scratch, cause))?;
        let scratch = Scratch(self.scratch.join(format!("{}.{number}", std::process::id())));
        let mut file = File::create(&scratch.0).map_err(|cause| explain("create", &scratch.0, cause))?;
        write(&mut file).and_then(|()| file.sync_all()).map_err(|cause| explain("write", &target, cause))?;
        drop(file);
        let folder = target.parent().unwrap_or(&self.root);
        make_folders(folder).map_err(|cause| explain("make", folder, cause))?;
        let created = match fs::hard_link(&scratch.0, &target) {
            Ok(()) => Created::New,
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => return Ok(Created::Exists),
            Err(_) => copy_new(&scratch.0, &target)?,
        };
        sync_folder(folder).map_err(|cause| explain("sync", folder, cause))?;
        Ok(created)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(explain("read", &path, cause)),
        }
    }

    pub(crate) fn exists(&self, name: &str) -> Result<bool> {
        let path = self.path(name);
        path.try_exists().map_err(|cause| explain("look for", &path, cause))
    }

    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<Found>> {
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut found = Vec::new();
        let mut open = vec![self.root.join(folder)];
        while let Some(next) = open.pop() {
            let entries = match fs::read_dir(&next) {
                Ok(entries) => entries,
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
                Err(cause) => return Err(explain("list", &next, cause)),
            };
            for entry in entries {
                let entry = entry.map_err(|cause| explain("list", &next, cause))?;
                let path = entry.path();
                // Follows links, as readers of the folder do. A file may vanish while it is looked at.
                let Ok(metadata) = fs::metadata(&path) else { continue };
                let Ok(relative) = path.strip_prefix(&self.root) else { continue };
                let name = relative.to_string_lossy().into_owned();
                if metadata.is_dir() {
                    open.push(path);
                } else if name.starts_with(prefix) {
                    found.push(Found { name, bytes: metadata.len() });
                }
            }
        }
        Ok(found)
    }

    pub(crate) fn delete(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(explain("delete", &path, cause)),
            _ => {
                // What was in flight leaves no empty folders; those of tables stay, as with dlt.
                let mut folder = path.parent();
                while let Some(empty) = folder.filter(|folder| folder.starts_with(self.root.join(IN_FLIGHT)))
                {
                    if fs::remove_dir(empty).is_err() {
                        break;
                    }
                    folder = empty.parent();
                }
                Ok(())
            }
        }
    }

    pub(crate) fn make_folder(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        make_folders(&path).map_err(|cause| explain("make", &path, cause))
    }

    pub(crate) fn sweep(&self) -> Result<()> {
        let Ok(entries) = fs::read_dir(&self.scratch) else { return Ok(()) };
        for entry in entries {
            let path = entry.map_err(|cause| explain("list", &self.scratch, cause))?.path();
            let _ = fs::remove_file(path);
        }
        for folder in self.scratch.ancestors().take(3) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// A file that is removed at the end, whatever happens.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// For file systems without links, such as mounted buckets: a reader may meet half of such a file.
fn copy_new(from: &Path, to: &Path) -> Result<Created> {
    let file = File::create_new(to);
    let mut file = match file {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => return Ok(Created::Exists),
        Err(cause) => return Err(explain("create", to, cause)),
    };
    let copied =
        File::open(from).and_then(|mut from| io::copy(&mut from, &mut file)).and_then(|_| file.sync_all());
    copied.map_err(|cause| {
        let _ = fs::remove_file(to);
        explain("write", to, cause)
    })?;
    Ok(Created::New)
}

/// Makes a folder with those above it, durably.
fn make_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folders(parent)?;
    }
    match fs::create_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(cause),
        Ok(()) => folder.parent().map_or(Ok(()), sync_folder),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
