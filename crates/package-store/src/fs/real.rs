//! The file system of this machine.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cartage_runtime::threads::{start_helpers, start_scoped};
use fs2::FileExt;

use super::{Entry, EntryKind, FileLock, FileSystem, gone_is_fine};

/// Syncs wait for the disk, not for the processor, and disks take several at a time.
const SYNC_THREADS: usize = 8;

/// Removing a file means giving back the memory in which the system keeps its bytes: 5 ms for 20 MB.
const REMOVE_THREADS: usize = 4;
const BYTES_A_REMOVE_THREAD: u64 = 16 << 20;

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFs;

impl FileSystem for RealFs {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(path)?))
    }

    fn entry(&self, path: &Path) -> io::Result<Entry> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(entry_of(name, &fs::symlink_metadata(path)?))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for found in fs::read_dir(folder)? {
            let found = found?;
            let name = found.file_name().to_string_lossy().into_owned();
            // Folders need no size, and finding it out takes a call for each of maybe thousands of packages.
            if found.file_type()?.is_dir() {
                entries.push(Entry { name, kind: EntryKind::Folder, bytes: 0 });
                continue;
            }
            match found.metadata() {
                Ok(metadata) => entries.push(entry_of(name, &metadata)),
                // Another process removed or moved it since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn create_folders(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::write(path, bytes)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the seam that all renames go through")]
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        fs::hard_link(original, link)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::copy(from, to).map(drop)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        // Nothing but size and content must survive, so times need not be written.
        File::open(path)?.sync_data()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match FileExt::try_lock_exclusive(&file) {
            Ok(()) => Ok(Some(Box::new(RealLock { file }))),
            Err(error) if error.kind() == fs2::lock_contended_error().kind() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn sync_all(&self, files: &[PathBuf], folders: &[PathBuf]) -> Result<(), (PathBuf, io::Error)> {
        let files = files.iter().map(|path| (path, false));
        let all: Vec<(&PathBuf, bool)> = files.chain(folders.iter().map(|path| (path, true))).collect();
        side_by_side(SYNC_THREADS, &all, |(path, is_folder)| {
            let synced = if *is_folder { self.sync_folder(path) } else { self.sync_file(path) };
            synced.map_err(|error| ((*path).clone(), error))
        })
    }

    fn remove_all(&self, folder: &Path) -> io::Result<()> {
        let mut folders = vec![folder.to_owned()];
        let (mut files, mut bytes) = (Vec::new(), 0);
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            for entry in gone_is_fine(self.list(&folder))?.unwrap_or_default() {
                let path = folder.join(&entry.name);
                match entry.kind {
                    EntryKind::Folder => folders.push(path),
                    EntryKind::File | EntryKind::Other => files.push(path),
                }
                bytes += entry.bytes;
            }
        }
        let threads = REMOVE_THREADS.min(1 + (bytes / BYTES_A_REMOVE_THREAD) as usize);
        side_by_side(threads, &files, |file| gone_is_fine(self.remove_file(file)).map(drop))?;
        folders.iter().rev().try_for_each(|folder| gone_is_fine(self.remove_folder(folder)).map(drop))
    }
}

/// Does the same with each of the items on this many threads. After an error, which is the first that happened, no
/// further item is begun.
fn side_by_side<T: Sync, E: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let work_on = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = work(item) {
                next.store(items.len(), Ordering::Relaxed);
                failed.lock().expect("no holder panics").get_or_insert(error);
            }
        }
    };
    thread::scope(|scope| {
        let helpers = threads.min(items.len()).saturating_sub(1);
        drop(start_helpers(helpers, "files", |name| start_scoped(scope, name, work_on)));
        work_on();
    });
    failed.into_inner().expect("no holder panics").map_or(Ok(()), Err)
}

fn entry_of(name: String, metadata: &Metadata) -> Entry {
    let (kind, bytes) = match metadata.file_type() {
        kind if kind.is_dir() => (EntryKind::Folder, 0),
        kind if kind.is_file() => (EntryKind::File, metadata.len()),
        _ => (EntryKind::Other, metadata.len()),
    };
    Entry { name, kind, bytes }
}

#[derive(Debug)]
struct RealLock {
    file: File,
}

impl FileLock for RealLock {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text)
    }
}

impl Drop for RealLock {
    fn drop(&mut self) {
        // The name of a holder that has gone would only mislead; the lock itself ends with the handle.
        drop(self.file.set_len(0));
    }
}
