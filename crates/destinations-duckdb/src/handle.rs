//! When the file of a destination is open.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cartage_destinations_api::Result;

use crate::database::Database;

/// The database of one destination. Its file is open while a load is in flight and while a session is, so that other
/// programs get at it in between: DuckDB lets one process have it.
#[derive(Debug, Default)]
pub(crate) struct DatabaseHandle {
    database: Mutex<Option<Arc<Database>>>,
    in_flight: AtomicBool,
}

impl DatabaseHandle {
    /// The open database, or else the one that `open` returns.
    pub(crate) fn get(&self, open: impl FnOnce() -> Result<Arc<Database>>) -> Result<Arc<Database>> {
        let mut database = self.database();
        if let Some(database) = &*database {
            return Ok(Arc::clone(database));
        }
        let opened = open()?;
        *database = Some(Arc::clone(&opened));
        Ok(opened)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.database().is_some()
    }

    /// Says whether a load is in flight, which has the file to itself.
    pub(crate) fn set_in_flight(&self, is_in_flight: bool) {
        self.in_flight.store(is_in_flight, Ordering::SeqCst);
    }

    /// Closes the file. A database in memory is its connections, so it stays.
    pub(crate) fn close_unless_in_flight(&self) {
        if !self.in_flight.load(Ordering::SeqCst) {
            let closed = self.database().take();
            drop(closed);
        }
    }

    fn database(&self) -> MutexGuard<'_, Option<Arc<Database>>> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
