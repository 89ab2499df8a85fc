//! Pages of asynchronous code.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::OnceLock;

use futures_core::Stream;
use tokio::runtime::{Builder, Runtime};

use crate::builder::{PageIter, ResourceBuilder};
use crate::error::BoxError;
use crate::page::IntoPages;
use crate::run::Run;

/// A resource that begins when it is extracted, and gives pages of a stream.
///
/// The stream runs in a Tokio runtime that all resources of the process share, with its timers and its network:
/// it may use any client made for Tokio. It is polled only when a page is wanted.
pub fn stream<P, S, F>(name: &str, begin: F) -> ResourceBuilder<P>
where
    P: IntoPages + 'static,
    S: Stream<Item = Result<P, BoxError>> + Send + 'static,
    F: FnOnce(Run) -> Result<S, BoxError> + Send + 'static,
{
    let make = move |run: Run| {
        let runtime = runtime()?;
        let inside = runtime.enter();
        let mut stream: Pin<Box<S>> = Box::pin(begin(run)?);
        drop(inside);
        let next = move || runtime.block_on(poll_fn(|context| stream.as_mut().poll_next(context)));
        let pages: PageIter<P> = Box::new(std::iter::from_fn(next));
        Ok(pages)
    };
    ResourceBuilder::of(name, Box::new(make))
}

/// The runtime of all streams of the process.
fn runtime() -> Result<&'static Runtime, BoxError> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        let runtime = Builder::new_multi_thread().thread_name("cartage-streams").enable_all().build();
        runtime.map_err(|error| error.to_string())
    });
    made.as_ref().map_err(|reason| format!("cannot start the runtime of streams: {reason}").into())
}
