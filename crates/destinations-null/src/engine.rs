//! What the engine of [`Memory`] does by itself: jobs that were submitted to it run beside the process.
//!
//! A handle is in the ledger before its job is submitted, and the engine knows what it was submitted under a handle
//! already. The rows appear with the ledger entry, once a load asks about a job that has ended.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cartage_destinations_api::{JobHandle, LoadKey, Result};

use crate::memory::{Contents, Memory};
use crate::memory_load::in_flight;

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

/// What the ledger holds of something that the engine works on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handle {
    /// Counts the attempts that failed at the engine, each of which had a handle of its own.
    number: u32,
}

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

    pub(crate) fn submissions(&self) -> BTreeMap<String, u32> {
        self.work().submissions.clone()
    }

    pub(crate) fn interfere(&self, hook: impl Fn(Moment, &str) -> Result<()> + Send + Sync + 'static) {
        self.work().hook = Some(Arc::new(hook));
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reached(&self, moment: Moment, entry: &str) -> Result<()> {
        let hook = self.work().hook.clone();
        hook.map_or(Ok(()), |hook| hook(moment, entry))
    }

    /// Takes work under a handle; what it has already under this handle it does not take again.
    fn submit(&self, handle: &JobHandle, times: u32) {
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

    fn is_running(&self, handle: &JobHandle) -> bool {
        let mut work = self.work();
        let Some(left) = work.left.get_mut(handle.as_str()) else { return false };
        let is_running = *left > 0;
        *left = left.saturating_sub(1);
        is_running
    }
}

impl Contents {
    /// The handle of an entry that is in flight and not done; a new one where it has none.
    fn handle(&mut self, load: &LoadKey, entry: &str) -> Result<Option<JobHandle>> {
        in_flight(self, load)?;
        if self.has(load, entry) {
            return Ok(None);
        }
        let handle = self.handles.entry(key(load, entry)).or_default();
        Ok(Some(JobHandle::new(format!("{}/{}/{entry}/{}", load.pipeline, load.load_id, handle.number))))
    }
}

fn key(load: &LoadKey, entry: &str) -> (String, String, String) {
    (load.pipeline.clone(), load.load_id.clone(), entry.to_owned())
}

impl Memory {
    /// Submits what an entry stands for, or asks about it; its handle while the engine works on it.
    pub(crate) fn still_running(&self, load: &LoadKey, entry: &str) -> Result<Option<JobHandle>> {
        let Some(times) = self.engine.times else { return Ok(None) };
        let Some(handle) = self.transact(|contents| contents.handle(load, entry))? else { return Ok(None) };
        self.engine.reached(Moment::Kept, entry)?;
        self.engine.submit(&handle, times);
        self.engine.reached(Moment::Submitted, entry)?;
        Ok(self.engine.is_running(&handle).then_some(handle))
    }

    /// What the engine did becomes visible with its entry, in one transaction; if it failed, the next attempt is a
    /// submission of its own.
    pub(crate) fn finish<T>(
        &self,
        load: &LoadKey,
        entry: &str,
        effect: impl FnOnce(&mut Contents) -> Result<T>,
    ) -> Result<T> {
        if self.engine.times.is_none() {
            return self.transact(effect);
        }
        let done = self.engine.reached(Moment::Ended, entry).and_then(|()| self.transact(effect));
        if done.is_err() {
            let mut contents = self.lock();
            if let Some(handle) = contents.handles.get_mut(&key(load, entry)) {
                handle.number += 1;
            }
        }
        done
    }
}
