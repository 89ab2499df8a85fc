//! The contents behind a lock, with the engine that works on jobs and the place that it reads files of.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cartage_destinations_api::{JobHandle, LoadKey, Result};

use crate::contents::Contents;
use crate::engine::{Engine, Moment};
use crate::memory_place::MemoryPlace;

/// What the jobs of a load work on.
#[derive(Debug, Default)]
pub(crate) struct Database {
    contents: Mutex<Contents>,
    pub(crate) engine: Engine,
    /// Where the engine reads staged files.
    pub(crate) place: Option<MemoryPlace>,
}

impl Database {
    /// Runs `change` as a transaction: after an error everything is as before.
    pub(crate) fn transact<T>(&self, change: impl FnOnce(&mut Contents) -> Result<T>) -> Result<T> {
        let mut contents = self.lock();
        let mut draft = contents.clone();
        let result = change(&mut draft)?;
        *contents = draft;
        Ok(result)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Submits what an entry stands for, or asks about it; its handle while the engine works on it.
    pub(crate) fn still_running(&self, load: &LoadKey, entry: &str) -> Result<Option<JobHandle>> {
        if !self.engine.is_working() {
            return Ok(None);
        }
        let Some(handle) = self.transact(|contents| contents.handle(load, entry))? else { return Ok(None) };
        self.engine.reached(Moment::Kept, entry)?;
        self.engine.submit(&handle);
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
        if !self.engine.is_working() {
            return self.transact(effect);
        }
        let done = self.engine.reached(Moment::Ended, entry).and_then(|()| self.transact(effect));
        if done.is_err() {
            self.lock().renew_handle(load, entry);
        }
        done
    }
}
