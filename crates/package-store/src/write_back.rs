//! Making long files durable while they grow, so that publishing does not wait for all of their bytes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use cartage_runtime::threads::start;

use crate::disk::Disk;
use crate::error::Error;

/// A file is synced when it has grown by so much. Less is not worth a wait for the journal, and packages of small
/// files are synced at once when they are published.
const GROWTH_BYTES: u64 = 16 << 20;

/// Syncs files on a thread of its own, which starts when there is a file that is long enough.
#[derive(Debug)]
pub(crate) struct WriteBack {
    disk: Disk,
    /// Bytes by file since its last sync.
    grown: HashMap<PathBuf, u64>,
    thread: Option<SyncThread>,
}

#[derive(Debug)]
struct SyncThread {
    paths: Sender<PathBuf>,
    handle: JoinHandle<Result<(), Error>>,
}

impl WriteBack {
    pub(crate) fn new(disk: Disk) -> Self {
        Self { disk, grown: HashMap::new(), thread: None }
    }

    /// Takes note that a file has grown. Never waits.
    pub(crate) fn note(&mut self, path: &Path, bytes: u64) {
        if !self.disk.durable {
            return;
        }
        let grown = self.grown.entry(path.to_owned()).or_default();
        *grown += bytes;
        if *grown < GROWTH_BYTES {
            return;
        }
        *grown = 0;
        if self.thread.is_none() {
            self.thread = SyncThread::start(self.disk.clone());
        }
        // Without a thread the file is synced when the package is published.
        if let Some(thread) = &self.thread {
            // One that has gone had an error, which `finish` tells.
            drop(thread.paths.send(path.to_owned()));
        }
    }

    /// Waits for the syncs that were begun.
    ///
    /// # Errors
    /// The first that failed. The system tells such an error once, so syncing the file again would not show it.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let Some(SyncThread { paths, handle }) = self.thread else { return Ok(()) };
        drop(paths);
        handle.join().expect("syncing does not panic")
    }
}

impl SyncThread {
    /// `None` if the system refuses.
    fn start(disk: Disk) -> Option<Self> {
        let (paths, inbox) = channel();
        let handle = start("sync", move || sync_each(&disk, &inbox));
        Some(Self { paths, handle: handle.ok()? })
    }
}

fn sync_each(disk: &Disk, inbox: &Receiver<PathBuf>) -> Result<(), Error> {
    inbox.iter().try_for_each(|path| disk.sync_file(&path))
}
