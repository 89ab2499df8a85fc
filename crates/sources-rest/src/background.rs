//! The threads that wait for the network, shared by the resources of a source.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use cartage_runtime::threads::start_executor;
use cartage_runtime::{Panicked, contain};
use cartage_source_api::SourceError;
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
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(THREADS).thread_name("cartage-rest").enable_all();
        let made = start_executor("cartage-rest", || builder.build())
            .map_err(|error| SourceError::Other(error.into()))?;
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

/// Does the work, and makes an error of a panic.
pub(crate) async fn contained<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    poll_fn(|context| match contain(|| work.as_mut().poll(context)) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[test]
    fn a_panic_of_a_walk_is_an_error_and_not_its_end() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let work = async {
            yield_now().await;
            panic!("in the third answer");
        };
        let panic = runtime.block_on(contained(work)).unwrap_err();
        assert_eq!(panic.message, "in the third answer");
        assert_eq!(runtime.block_on(contained(async { 7 })), Ok(7));
    }
}
