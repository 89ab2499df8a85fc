//! Keeps the threads of this process apart that make, write and remove the ledger of one database.
//!
//! DuckDB fails transactions that change the same things instead of letting one wait, and one process has the file.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Many threads that write into the ledger, or one that makes or removes it.
#[derive(Debug, Default)]
pub(crate) struct LedgerLock {
    held: Mutex<Held>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Held {
    shared: usize,
    exclusive: bool,
}

/// The lock, held until this is dropped.
#[derive(Debug)]
pub(crate) struct Holder {
    lock: Arc<LedgerLock>,
    is_exclusive: bool,
}

impl LedgerLock {
    /// Waits until no thread has it for itself.
    pub(crate) fn shared(self: &Arc<Self>) -> Holder {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held =
            self.freed.wait_while(held, |held| held.exclusive).unwrap_or_else(PoisonError::into_inner);
        held.shared += 1;
        Holder { lock: Arc::clone(self), is_exclusive: false }
    }

    /// Waits until no other thread has it.
    pub(crate) fn exclusive(self: &Arc<Self>) -> Holder {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held = self
            .freed
            .wait_while(held, |held| held.exclusive || held.shared > 0)
            .unwrap_or_else(PoisonError::into_inner);
        held.exclusive = true;
        Holder { lock: Arc::clone(self), is_exclusive: true }
    }

    /// The lock for one thread, if no other has it now.
    pub(crate) fn try_exclusive(self: &Arc<Self>) -> Option<Holder> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.exclusive || held.shared > 0 {
            return None;
        }
        held.exclusive = true;
        Some(Holder { lock: Arc::clone(self), is_exclusive: true })
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let mut held = self.lock.held.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_exclusive {
            held.exclusive = false;
        } else {
            held.shared -= 1;
        }
        drop(held);
        self.lock.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_keep_out_an_exclusive_lock_of_the_ledger() {
        let lock = Arc::new(LedgerLock::default());
        let (one, two) = (lock.shared(), lock.shared());
        assert!(lock.try_exclusive().is_none());
        drop((one, two));
        let alone = lock.try_exclusive().expect("it is free");
        assert!(lock.try_exclusive().is_none());
        drop(alone);
        drop(lock.exclusive());
        drop(lock.shared());
    }
}
