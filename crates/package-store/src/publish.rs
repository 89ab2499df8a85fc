//! The one routine that publishes packages, and the one that takes them away.
//!
//! The commit of a package is its `package.json`. Where a folder can be renamed, the rename of the whole
//! folder brings it; where it cannot (another device, a bucket mounted through FUSE) the files are copied
//! and `package.json` gets its name last. Nobody else renames or removes packages.
//!
//! While a package is copied or removed, its `package.json` has another name. So what an ended process
//! left half done is told apart from a package whose `package.json` was removed: the first is
//! swept, the second is damage.

use std::io;
use std::path::Path;

use crate::disk::{Disk, is_absent, parent};
use crate::error::{At, Damage, Error};
use crate::format::{COPYING_MARK, Folder, PACKAGE_JSON, REMOVING_MARK};
use crate::fs::EntryKind;
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

/// What a folder is, as far as the names in it tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// There is no such folder.
    Absent,
    /// A whole package, with its manifest.
    Whole,
    /// Something that was being copied or removed.
    Incomplete,
    /// A package whose `package.json` is lost.
    MissingManifest,
}

/// What is at the path of a package.
pub(crate) fn presence(disk: &Disk, path: &Path) -> Result<Presence, Error> {
    match presence_at_once(disk, path)? {
        // A list made while a process gives `package.json` its other name may show neither.
        Presence::MissingManifest => presence_at_once(disk, path),
        other => Ok(other),
    }
}

fn presence_at_once(disk: &Disk, path: &Path) -> Result<Presence, Error> {
    // Nearly all packages are whole, and there may be very many.
    if disk.fs.entry(&path.join(PACKAGE_JSON)).is_ok() {
        return Ok(Presence::Whole);
    }
    let entries = match disk.fs.list(path) {
        Err(error) if is_absent(&error) => return Ok(Presence::Absent),
        other => other.at("list", path)?,
    };
    let has = |name: &str| entries.iter().any(|entry| entry.name == name);
    Ok(if has(PACKAGE_JSON) {
        Presence::Whole
    } else if entries.is_empty() || has(COPYING_MARK) || has(REMOVING_MARK) {
        Presence::Incomplete
    } else {
        Presence::MissingManifest
    })
}

/// Makes the sealed package at `from` visible at `target`, create-only.
///
/// Order: sync every file and folder, rename, sync the parent of the target, sync the parent of the source.
pub(crate) fn publish(disk: &Disk, from: &Path, target: Target<'_>) -> Result<(), Error> {
    disk.sync_tree(&disk.tree(from)?)?;
    relocate(disk, from, target)
}

/// Moves a package whose content is durable to `target`, create-only.
pub(crate) fn relocate(disk: &Disk, from: &Path, target: Target<'_>) -> Result<(), Error> {
    ensure_target_free(disk, target)?;
    match disk.fs.rename(from, target.path) {
        Ok(()) => {
            sync_after(disk, parent(target.path), target)?;
            sync_after(disk, parent(from), target)
        }
        Err(error) if cannot_rename_folders(&error) => copy(disk, from, target),
        Err(error) => {
            ensure_target_free(disk, target)?;
            Err(error).at("publish", target.path)
        }
    }
}

/// Takes a package away: from the first step on it is not a package, whatever happens then.
pub(crate) fn remove_package(disk: &Disk, path: &Path) -> Result<(), Error> {
    let (package_json, mark) = (path.join(PACKAGE_JSON), path.join(REMOVING_MARK));
    match disk.fs.rename(&package_json, &mark) {
        Ok(()) => disk.sync_folder(path)?,
        Err(error) if is_absent(&error) => {}
        Err(error) => return Err(error).at("remove", &package_json),
    }
    remove_all_but(disk, path, &[REMOVING_MARK, COPYING_MARK])?;
    // If the power fails now, a folder comes back that is empty or marked, and is swept.
    disk.fs.remove_all(path).at("remove", path)
}

/// Removes what is in a folder before its marks, and makes that durable, so that a folder without marks
/// is either empty or damaged.
fn remove_all_but(disk: &Disk, folder: &Path, marks: &[&str]) -> Result<(), Error> {
    let entries = match disk.fs.list(folder) {
        Err(error) if is_absent(&error) => return Ok(()),
        other => other.at("list", folder)?,
    };
    for entry in entries.iter().filter(|entry| !marks.contains(&entry.name.as_str())) {
        let path = folder.join(&entry.name);
        let removed = match entry.kind {
            EntryKind::Folder => disk.fs.remove_all(&path),
            EntryKind::File | EntryKind::Other => disk.fs.remove_file(&path),
        };
        match removed {
            Err(error) if !is_absent(&error) => return Err(error).at("remove", &path),
            _ => {}
        }
    }
    match disk.sync_folder(folder) {
        // Another process was first.
        Err(Error::Io { source, .. }) if is_absent(&source) => Ok(()),
        other => other,
    }
}

/// Refuses to publish over a package, and clears what is none; our lock protects the latter.
fn ensure_target_free(disk: &Disk, target: Target<'_>) -> Result<(), Error> {
    match presence(disk, target.path)? {
        Presence::Absent => Ok(()),
        Presence::Incomplete => remove_package(disk, target.path),
        Presence::Whole => {
            Err(Error::AlreadyPublished { load_id: target.load_id.clone(), folder: target.folder })
        }
        Presence::MissingManifest => Err(Error::Damaged {
            load_id: target.load_id.to_string(),
            path: target.path.to_owned(),
            file: PACKAGE_JSON.to_owned(),
            damage: Box::new(Damage::Missing),
        }),
    }
}

/// A sync after the commit: its failure does not undo the commit.
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
        // Best effort: what stays is marked as a copy and is swept.
        drop(remove_package(disk, target.path));
        return Err(error);
    }
    sync_after(disk, target.path, target)?;
    remove_package(disk, from)
}

fn copy_and_commit(disk: &Disk, from: &Path, to: &Path) -> Result<(), Error> {
    let below = |path: &Path| to.join(path.strip_prefix(from).expect("the tree is below its folder"));
    let (package_json, mark) = (from.join(PACKAGE_JSON), to.join(COPYING_MARK));
    let source = disk.tree(from)?;

    // The mark is durable before anything it has to explain.
    disk.fs.create_folder(to).at("create", to)?;
    disk.fs.copy(&package_json, &mark).at("write", &mark)?;
    disk.sync_file(&mark)?;
    disk.sync_folder(to)?;
    disk.sync_folder(parent(to))?;

    for folder in source.folders.iter().filter(|folder| *folder != from) {
        let folder = below(folder);
        disk.fs.create_folder(&folder).at("create", &folder)?;
    }
    for file in source.files.iter().filter(|file| **file != package_json) {
        let copied = below(file);
        disk.fs.copy(file, &copied).at("write", &copied)?;
    }
    disk.sync_tree(&disk.tree(to)?)?;
    let committed = to.join(PACKAGE_JSON);
    disk.fs.rename(&mark, &committed).at("publish", &committed)
}
