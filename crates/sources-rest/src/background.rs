//! The threads that wait for the network, shared by the resources of a source.

use std::sync::{Mutex, PoisonError};

use cartage_extract::SourceError;
use tokio::runtime::{Builder, Handle, Runtime};

/// Threads of a source's own executor. More would not make the network faster.
const THREADS: usize = 2;

/// An executor that is made when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Background(Mutex<Option<Runtime>>);

impl Background {
    pub(crate) fn handle(&self) -> Result<Handle, SourceError> {
        let mut runtime = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*runtime {
            return Ok(runtime.handle().clone());
        }
        let made = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("cartage-rest")
            .enable_all()
            .build()
            .map_err(|source| SourceError::Read { input: "the network".to_owned(), source })?;
        let handle = made.handle().clone();
        *runtime = Some(made);
        Ok(handle)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let runtime = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            // Requests under way must not hold up the end of the program.
            runtime.shutdown_background();
        }
    }
}
