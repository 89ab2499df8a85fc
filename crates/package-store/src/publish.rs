//! The one routine that publishes packages, and the one that takes them away.
//!
//! The commit of a package is its `package.json`. Where a folder can be renamed, the rename of the whole
//! folder brings it; where it cannot (another device, a bucket mounted through FUSE) the files are copied
//! and `package.json` follows last. Nobody else renames or removes packages.

use std::io;
use std::path::Path;

use crate::disk::{Disk, is_absent, parent};
use crate::error::{At, Error};
use crate::format::{Folder, PACKAGE_JSON, PACKAGE_JSON_TMP};
use crate::load_id::LoadId;

/// "Too many open files": how some mounted buckets refuse to rename a folder.
const EMFILE: i32 = 24;

/// Where a package is to be visible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) path: &'a Path,
    pub(crate) folder: Folder,
    pub(crate) load_id: &'a LoadId,
}

/// Makes the sealed package at `from` visible at `target`, create-only.
///
/// Order: sync every file, sync the folders from the inside out, rename, sync the parent of the target,
/// sync the parent of the source.
pub(crate) fn publish(disk: &Disk, from: &Path, target: Target<'_>) -> Result<(), Error> {
    disk.sync_tree(&disk.tree(from)?)?;
    relocate(disk, from, target)
}

/// Moves a package whose content is durable to `target`, create-only.
pub(crate) fn relocate(disk: &Disk, from: &Path, target: Target<'_>) -> Result<(), Error> {
    refuse_published(disk, target)?;
    // What is there without a package.json is what a copy left when it was cut; our lock protects it.
    disk.fs.remove_all(target.path).at("remove", target.path)?;
    match disk.fs.rename(from, target.path) {
        Ok(()) => {
            sync_after(disk, parent(target.path), target)?;
            sync_after(disk, parent(from), target)
        }
        Err(error) if cannot_rename_folders(&error) => copy(disk, from, target),
        Err(error) => {
            refuse_published(disk, target)?;
            Err(error).at("publish", target.path)
        }
    }
}

/// Takes a package away: from the first step on it is no package, whatever happens then.
pub(crate) fn withdraw(disk: &Disk, path: &Path) -> Result<(), Error> {
    let package_json = path.join(PACKAGE_JSON);
    match disk.fs.remove_file(&package_json) {
        Ok(()) => disk.sync_folder(path)?,
        Err(error) if is_absent(&error) => {}
        Err(error) => return Err(error).at("remove", &package_json),
    }
    disk.fs.remove_all(path).at("remove", path)?;
    disk.sync_folder(parent(path))
}

fn refuse_published(disk: &Disk, target: Target<'_>) -> Result<(), Error> {
    if disk.exists(&target.path.join(PACKAGE_JSON))? {
        return Err(Error::AlreadyPublished { load_id: target.load_id.clone(), folder: target.folder });
    }
    Ok(())
}

/// A sync behind the commit: its failure does not undo the commit.
fn sync_after(disk: &Disk, folder: &Path, target: Target<'_>) -> Result<(), Error> {
    disk.sync_folder(folder).map_err(|error| match error {
        Error::Io { path, source, .. } => {
            Error::NotDurable { load_id: target.load_id.clone(), folder: target.folder, path, source }
        }
        other => other,
    })
}

fn cannot_rename_folders(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::CrossesDevices | io::ErrorKind::Unsupported)
        || error.raw_os_error() == Some(EMFILE)
}

fn copy(disk: &Disk, from: &Path, target: Target<'_>) -> Result<(), Error> {
    if let Err(error) = copy_and_commit(disk, from, target.path) {
        // Best effort: what stays has no package.json, so it is no package and is swept.
        drop(disk.fs.remove_all(target.path));
        return Err(error);
    }
    sync_after(disk, target.path, target)?;
    sync_after(disk, parent(target.path), target)?;
    withdraw(disk, from)
}

fn copy_and_commit(disk: &Disk, from: &Path, to: &Path) -> Result<(), Error> {
    let below = |path: &Path| to.join(path.strip_prefix(from).expect("the tree is below its folder"));
    let source = disk.tree(from)?;
    for folder in &source.folders {
        let folder = below(folder);
        disk.fs.create_folder(&folder).at("create", &folder)?;
    }
    for file in source.files.iter().filter(|file| file.strip_prefix(from) != Ok(Path::new(PACKAGE_JSON))) {
        let copied = below(file);
        disk.fs.copy(file, &copied).at("write", &copied)?;
    }
    disk.sync_tree(&disk.tree(to)?)?;
    disk.sync_folder(parent(to))?;

    let temporary = to.join(PACKAGE_JSON_TMP);
    disk.fs.copy(&from.join(PACKAGE_JSON), &temporary).at("write", &temporary)?;
    disk.sync_file(&temporary)?;
    let committed = to.join(PACKAGE_JSON);
    disk.fs.rename(&temporary, &committed).at("publish", &committed)
}
