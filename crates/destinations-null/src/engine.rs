//! What the engine of [`Memory`](crate::Memory) does by itself: jobs that were submitted to it run beside the process.
//!
//! A handle is in the ledger before its job is submitted, and the engine knows what it was submitted under a handle
//! already. The rows appear with the ledger entry, once a load asks about a job that has ended.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cartage_destinations_api::{JobHandle, LoadKey, Result};

/// A point at which a test may interfere with something that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The handle is in the ledger and nothing was submitted. After an error the process has ended here.
    Kept,
    /// It was submitted, or had been before. After an error the process has ended here.
    Submitted,
    /// The engine has come to the end. An error is what the job failed with.
    Ended,
}

type Hook = dyn Fn(Moment, &str) -> Result<()> + Send + Sync;

/// Runs what is submitted; only where `times` says so.
#[derive(Default)]
pub(crate) struct Engine {
    times: Option<u32>,
    work: Mutex<Work>,
}

#[derive(Default)]
struct Work {
    /// By handle: how often it will still be running when a load asks.
    left: BTreeMap<String, u32>,
    submissions: BTreeMap<String, u32>,
    hook: Option<Arc<Hook>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("times", &self.times).finish_non_exhaustive()
    }
}

impl Engine {
    pub(crate) fn working(times: u32) -> Self {
        Self { times: Some(times), work: Mutex::default() }
    }

    /// Whether jobs run here, and not in the process that asks for them.
    pub(crate) fn is_working(&self) -> bool {
        self.times.is_some()
    }

    pub(crate) fn submissions(&self) -> BTreeMap<String, u32> {
        self.work().submissions.clone()
    }

    pub(crate) fn interfere(&self, hook: impl Fn(Moment, &str) -> Result<()> + Send + Sync + 'static) {
        self.work().hook = Some(Arc::new(hook));
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reached(&self, moment: Moment, entry: &str) -> Result<()> {
        let hook = self.work().hook.clone();
        hook.map_or(Ok(()), |hook| hook(moment, entry))
    }

    /// Takes work under a handle; what it has already under this handle it does not take again.
    pub(crate) fn submit(&self, handle: &JobHandle) {
        let Some(times) = self.times else { return };
        let mut work = self.work();
        if !work.left.contains_key(handle.as_str()) {
            work.left.insert(handle.as_str().to_owned(), times);
            let (what, _number) = handle.as_str().rsplit_once('/').unwrap_or((handle.as_str(), ""));
            *work.submissions.entry(what.to_owned()).or_default() += 1;
        }
    }

    /// Forgets what other loads of the pipeline have submitted.
    pub(crate) fn cancel_others(&self, load: &LoadKey) {
        let (pipeline, own) = (format!("{}/", load.pipeline), format!("{}/{}/", load.pipeline, load.load_id));
        self.work().left.retain(|handle, _| !handle.starts_with(&pipeline) || handle.starts_with(&own));
    }

    pub(crate) fn is_running(&self, handle: &JobHandle) -> bool {
        let mut work = self.work();
        let Some(left) = work.left.get_mut(handle.as_str()) else { return false };
        let is_running = *left > 0;
        *left = left.saturating_sub(1);
        is_running
    }
}
