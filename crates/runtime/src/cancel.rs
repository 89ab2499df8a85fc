//! A cancellation flag, shared by all workers of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once by a signal handler or an embedding program; stages check it between pages, blocks and jobs.
///
/// A stage that sees it lets running jobs end, publishes nothing that is not whole and returns its
/// "cancelled" error; whatever was published before stays pending for the next run.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    asked: Arc<AtomicBool>,
}

impl CancelToken {
    /// Asks all holders of this value to stop.
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::Release);
    }

    /// Whether the run was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// The flag itself, for signal handlers that can only set an atomic.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }
}
