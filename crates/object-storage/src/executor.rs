//! The threads on which requests are made.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cartage_runtime::threads::start_executor;
use tokio::runtime::{Builder, Runtime};

/// The executor for requests to object stores. While one is held, all callers get the same.
///
/// # Errors
/// If the system refuses threads.
pub fn executor() -> io::Result<Arc<Runtime>> {
    static SHARED: Mutex<Weak<Runtime>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Ok(running);
    }
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).thread_name("bucket").enable_all();
    let started = Arc::new(start_executor("bucket", || builder.build())?);
    *shared = Arc::downgrade(&started);
    Ok(started)
}
