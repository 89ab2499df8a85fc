//! One lock file a stage: who works on what, between processes.
//!
//! The lock of the operating system counts, not the file: it ends with its process, however that ends,
//! so a file that a dead process left is not an obstacle. What the file says is only for the message.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cartage_runtime::{CancelToken, Clock, Stage};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::fs::{FileLock, FileSystem};

/// First and longest pause between two attempts to take a lock.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));
/// How often a lock file is read before its owner counts as unknown: it may be about to write its name.
const OWNER_READS: u32 = 5;

/// What to do while another process holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Give up at once.
    Fail,
    /// Wait until it is free, the store's `cancel` is set, or this much time is over.
    Block(Option<Duration>),
}

/// Who holds a lock, as the holder wrote it into the lock file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Process id on `host`.
    pub pid: u32,
    /// Name of the machine.
    pub host: String,
    /// When the lock was taken.
    pub since: DateTime<Utc>,
}

/// A lock that was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process has it.
    #[error("{what} of this pipeline is in progress{}", describe(owner.as_ref()))]
    Held {
        /// What the lock protects: a stage or `run`.
        what: String,
        /// Who has it, where the lock file says so.
        owner: Option<Owner>,
        /// The lock file.
        path: PathBuf,
    },
    /// The wait was ended by [`CancelToken`].
    #[error("cancelled while waiting for {what}{}", describe(owner.as_ref()))]
    Cancelled {
        /// What the lock protects.
        what: String,
        /// Who has it.
        owner: Option<Owner>,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

impl LockError {
    /// Whether another process has the lock, as against a lock file that cannot be used.
    pub(crate) fn is_held(&self) -> bool {
        !matches!(self, Self::Io { .. })
    }

    /// The remedy, one line for people.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Held { .. } => Some("wait for it with --wait, or end that process".to_owned()),
            Self::Cancelled { .. } => None,
            Self::Io { source, .. } => Some(
                crate::io_hint::io_hint(source)
                    .unwrap_or(
                        "the file system must support locks: set CARTAGE_DATA_DIR to a folder on a local disk",
                    )
                    .to_owned(),
            ),
        }
    }
}

fn describe(owner: Option<&Owner>) -> String {
    owner.map_or_else(String::new, |Owner { pid, host, since }| {
        format!(": process {pid} on {host} since {}", since.format("%Y-%m-%d %H:%M:%S UTC"))
    })
}

/// The right to work as one stage of a pipeline, until the last clone is dropped.
///
/// Staged packages hold a clone, so they are not swept while they are written.
#[derive(Clone, Debug)]
pub struct StageLock {
    stage: Stage,
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    /// The lock file.
    path: PathBuf,
    _lock: Box<dyn FileLock>,
    /// Staging folders that this process is writing under this lock.
    live: Mutex<BTreeSet<PathBuf>>,
}

impl StageLock {
    pub(crate) fn new(stage: Stage, path: PathBuf, lock: Box<dyn FileLock>) -> Self {
        Self { stage, held: Arc::new(Held { path, _lock: lock, live: Mutex::default() }) }
    }

    /// The stage whose packages it locks.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The lock file, which tells stages and pipelines apart.
    pub(crate) fn path(&self) -> &Path {
        &self.held.path
    }

    pub(crate) fn register(&self, staging: &Path) {
        self.live().insert(staging.to_owned());
    }

    pub(crate) fn unregister(&self, staging: &Path) {
        self.live().remove(staging);
    }

    pub(crate) fn is_live(&self, staging: &Path) -> bool {
        self.live().contains(staging)
    }

    fn live(&self) -> std::sync::MutexGuard<'_, BTreeSet<PathBuf>> {
        self.held.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make a run of a pipeline, over all stages, until it is dropped.
#[derive(Debug)]
pub struct RunLock {
    _lock: Box<dyn FileLock>,
}

impl RunLock {
    pub(crate) fn new(lock: Box<dyn FileLock>) -> Self {
        Self { _lock: lock }
    }
}

/// Takes the lock at `path` and writes who has it.
pub(crate) fn acquire(
    fs: &dyn FileSystem,
    path: &Path,
    what: &str,
    wait: Wait,
    clock: &dyn Clock,
    cancel: &CancelToken,
) -> Result<Box<dyn FileLock>, LockError> {
    let failed = |source| LockError::Io { path: path.to_owned(), source };
    let begin = Instant::now();
    let mut pause = PAUSES.0;
    loop {
        if let Some(mut lock) = fs.try_lock(path).map_err(failed)? {
            let owner = Owner { pid: std::process::id(), host: host_name(), since: clock.now() };
            lock.write(&serde_json::to_vec(&owner).expect("an owner is plain data")).map_err(failed)?;
            return Ok(lock);
        }
        let over = match wait {
            Wait::Fail => true,
            Wait::Block(limit) => limit.is_some_and(|limit| begin.elapsed() >= limit),
        };
        let what = what.to_owned();
        if over {
            return Err(LockError::Held { what, owner: read_owner(fs, path), path: path.to_owned() });
        }
        if cancel.is_cancelled() {
            return Err(LockError::Cancelled { what, owner: read_owner(fs, path) });
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(PAUSES.1);
    }
}

fn read_owner(fs: &dyn FileSystem, path: &Path) -> Option<Owner> {
    (0..OWNER_READS).find_map(|attempt| {
        if attempt > 0 {
            std::thread::sleep(PAUSES.0);
        }
        serde_json::from_slice(&fs.read(path).ok()?).ok()
    })
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "an unknown host".to_owned())
}
