//! One transaction at a time.
//!
//! A transaction of the service fails if another one has changed rows of a table that it changes rows of, and all of
//! ours change the ledger. Those of one process take turns instead; what takes long, loading files, is outside of them.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Who may have a transaction open.
#[derive(Debug, Default)]
pub(super) struct Turns {
    is_taken: Mutex<bool>,
    given_back: Condvar,
}

/// The right to have a transaction open; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Arc<Turns>);

impl Turns {
    /// Waits until no other transaction is open.
    pub(super) fn take(self: &Arc<Self>) -> Turn {
        let is_taken = self.is_taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_taken =
            self.given_back.wait_while(is_taken, |taken| *taken).unwrap_or_else(PoisonError::into_inner);
        *is_taken = true;
        Turn(Arc::clone(self))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.is_taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.given_back.notify_one();
    }
}
