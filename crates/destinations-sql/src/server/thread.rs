//! The thread that serves the connections of an asynchronous client.

use std::sync::{Arc, OnceLock};

use cartage_destinations_api::{Error, Result};
use cartage_runtime::threads::{NoThread, start_executor};
use tokio::runtime::{Builder, Runtime};

/// Moves the bytes of all connections to a server; those who call encode them. Begins when it is needed.
#[derive(Debug)]
pub struct ClientThread {
    name: &'static str,
    runtime: OnceLock<Arc<Runtime>>,
}

impl ClientThread {
    /// A thread of this name that has not begun.
    pub fn new(name: &'static str) -> Self {
        Self { name, runtime: OnceLock::new() }
    }

    /// The runtime of the thread.
    ///
    /// # Errors
    /// Transient if the machine has no thread for it.
    pub fn runtime(&self) -> Result<Arc<Runtime>> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(Arc::clone(runtime));
        }
        let build =
            || Builder::new_multi_thread().worker_threads(1).thread_name(self.name).enable_all().build();
        let runtime = start_executor(self.name, build).map_err(|cause| {
            Error::transient("cannot start a thread for connections")
                .with_remedy(NoThread::REMEDY)
                .with_source(cause)
        })?;
        Ok(Arc::clone(self.runtime.get_or_init(|| Arc::new(runtime))))
    }
}
