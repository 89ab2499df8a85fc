//! Pages of asynchronous code.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use cartage_runtime::threads::{NoThread, start_executor};
use crossbeam_channel::bounded;
use futures_core::Stream;
use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Runtime};

use crate::error::BoxError;
use crate::flow::{Flow, PageIter};
use crate::items::rows_of;
use crate::page::IntoPages;
use crate::resource::ResourceBuilder;
use crate::run::Run;
use crate::transformer::Transformer;
use crate::walks::{Begin, Made, Walks};

/// A resource that begins when it is extracted, and yields pages of a stream.
///
/// The stream runs in a Tokio runtime that all resources of the process share, with its timers and its network:
/// it may use any client made for Tokio. It is polled only when a page is wanted.
pub fn stream<P, S, F>(name: &str, begin: F) -> ResourceBuilder<P>
where
    P: IntoPages + 'static,
    S: Stream<Item = Result<P, BoxError>> + Send + 'static,
    F: Fn(Run) -> Result<S, BoxError> + Send + Sync + 'static,
{
    let make = move |run: Run| {
        let runtime = runtime()?;
        let inside = runtime.enter();
        let mut stream: Pin<Box<S>> = Box::pin(begin(run)?);
        drop(inside);
        let next = move || runtime.block_on(poll_fn(|context| stream.as_mut().poll_next(context)));
        let pages: PageIter<P> = Box::new(std::iter::from_fn(next));
        Ok(Flow::Pages(pages))
    };
    ResourceBuilder::of(name, Arc::new(make))
}

/// A transformer that makes a page of each row of its parent, asynchronously: as many rows are worked on at the
/// same time as the setting `max_parallel_items` of extract says. Rows come in the order of those of the parent.
pub fn async_transformer<T, P, R, F>(name: &str, f: F) -> Transformer<P>
where
    T: DeserializeOwned + Send + 'static,
    P: IntoPages + 'static,
    R: Future<Output = Result<P, BoxError>> + Send + 'static,
    F: Fn(T) -> R + Send + Sync + 'static,
{
    let f = Arc::new(f);
    let make = move |run: Run| {
        let begin = spawn(runtime()?, Arc::clone(&f));
        let most = run.max_parallel_items();
        let transform = move |page: &cartage_source_api::Page| {
            let pages: PageIter<P> = Box::new(Walks::new(rows_of::<T>(page)?, most, Arc::clone(&begin)));
            Ok(pages)
        };
        Ok(Flow::OfParent(Box::new(transform)))
    };
    Transformer::of_make(name, Arc::new(make))
}

/// Begins futures in the runtime. There is room for all that one of them sends.
fn spawn<T, P, R>(runtime: &'static Runtime, f: Arc<impl Fn(T) -> R + Send + Sync + 'static>) -> Begin<T, P>
where
    T: Send + 'static,
    P: Send + 'static,
    R: Future<Output = Result<P, BoxError>> + Send + 'static,
{
    Arc::new(move |item| {
        let (pages, outbox) = bounded(2);
        let f = Arc::clone(&f);
        // The function itself runs there too, so that its panic is caught.
        let page = runtime.spawn(async move { f(item).await });
        runtime.spawn(async move {
            let made = match page.await {
                Ok(page) => Made::Page(page),
                Err(error) if error.is_panic() => Made::Panicked(error.into_panic()),
                Err(error) => Made::Page(Err(error.into())),
            };
            drop(pages.send(made));
            drop(pages.send(Made::Done));
        });
        outbox
    })
}

/// The runtime of all streams of the process.
fn runtime() -> Result<&'static Runtime, NoThread> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let build = || Builder::new_multi_thread().thread_name("cartage-streams").enable_all().build();
    let runtime = start_executor("cartage-streams", build)?;
    Ok(RUNTIME.get_or_init(|| runtime))
}
