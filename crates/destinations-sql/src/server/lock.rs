//! The right to load: a lock of the server for each pipeline and dataset.
//!
//! It belongs to one connection, so it ends with the process that holds it, whatever happens to that. The
//! ledger keeps rows from being doubled even where the lock is lost; the lock keeps two machines from
//! doing the work twice.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use cartage_destinations_api::{Error, LoadKey, Result};

use super::{Server, ServerSession};

/// The lock of one destination value, held or not.
pub(crate) struct LoadLock<S: ServerSession> {
    held: Mutex<Option<(String, S)>>,
}

impl<S: ServerSession> Default for LoadLock<S> {
    fn default() -> Self {
        Self { held: Mutex::new(None) }
    }
}

impl<S: ServerSession> fmt::Debug for LoadLock<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadLock").finish_non_exhaustive()
    }
}

impl<S: ServerSession> LoadLock<S> {
    /// Takes the lock of the load's pipeline, or sees that it is still held.
    ///
    /// # Errors
    /// Locked if another process holds it, naming it; see [`Server::connect`].
    pub(crate) fn acquire(
        &self,
        server: &impl Server<Session = S>,
        load: &LoadKey,
        dataset: &str,
    ) -> Result<()> {
        let pipeline = &load.pipeline;
        let name = format!("load\0{pipeline}\0{dataset}");
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|(known, session)| *known == name && session.answers()) {
            return Ok(());
        }
        // Dropping a connection that holds another lock, or that broke, gives its lock up.
        let broke = held.take().is_some_and(|(known, _)| known == name);
        let session = server.connect()?;
        if session.try_lock(&name, broke)? {
            *held = Some((name, session));
            return Ok(());
        }
        let holder = session.holder(&name).unwrap_or_default();
        Err(Error::locked(format!(
            "another process{holder} is loading pipeline {pipeline} into dataset {dataset}"
        ))
        .with_remedy(format!("wait until it ends; if its machine is gone, {}", S::FREES_LOCKS)))
    }

    /// Gives the lock up where it is held.
    pub(crate) fn release(&self) {
        if let Some((name, session)) = self.held.lock().unwrap_or_else(PoisonError::into_inner).take() {
            session.unlock(&name);
        }
    }
}

impl<S: ServerSession> Drop for LoadLock<S> {
    /// Servers take their time with connections that end.
    fn drop(&mut self) {
        self.release();
    }
}
