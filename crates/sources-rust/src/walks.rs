//! Several items of a parent at a time, whose pages come in the order of the items.
//!
//! Items are begun in their order, and each has a channel of its own with room for a page or two: so a thread that works
//! on the first of them is never kept waiting, and those after it stop when they are too far ahead.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::vec::IntoIter;

use cartage_runtime::threads::{NoThread, start, start_several};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::error::BoxError;
use crate::flow::PageIter;

/// Pages of one item that may wait.
const WAITING_PAGES: usize = 2;

/// What comes of an item.
pub(crate) enum Made<P> {
    Page(Result<P, BoxError>),
    /// There is no more.
    Done,
    Panicked(Box<dyn Any + Send>),
}

/// Begins to work on an item.
pub(crate) type Begin<T, P> = Arc<dyn Fn(T) -> Receiver<Made<P>> + Send + Sync>;

/// The pages of items that are worked on at the same time.
pub(crate) struct Walks<T, P> {
    waiting: IntoIter<T>,
    begun: VecDeque<Receiver<Made<P>>>,
    /// Items that may be begun and not be done.
    most: usize,
    begin: Begin<T, P>,
}

impl<T, P> Walks<T, P> {
    pub(crate) fn new(items: Vec<T>, most: usize, begin: Begin<T, P>) -> Self {
        Self { waiting: items.into_iter(), begun: VecDeque::new(), most: most.max(1), begin }
    }
}

impl<T, P> Iterator for Walks<T, P> {
    type Item = Result<P, BoxError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while self.begun.len() < self.most
                && let Some(item) = self.waiting.next()
            {
                self.begun.push_back((self.begin)(item));
            }
            match self.begun.front()?.recv() {
                Ok(Made::Page(page)) => return Some(page),
                Ok(Made::Done) => drop(self.begun.pop_front()),
                Ok(Made::Panicked(panic)) => resume_unwind(panic),
                Err(_) => return Some(Err("the thread that worked on an item is gone".into())),
            }
        }
    }
}

/// An item on its way to a thread.
struct Task<T, P> {
    item: T,
    pages: Sender<Made<P>>,
}

/// Works on an item.
pub(crate) type WorkOn<T, P> = Arc<dyn Fn(T) -> Result<PageIter<P>, BoxError> + Send + Sync>;

/// Starts threads that work on items. They end when no more items can arrive.
///
/// # Errors
/// The system starts not one.
pub(crate) fn crew<T, P>(workers: usize, work: &WorkOn<T, P>) -> Result<Begin<T, P>, NoThread>
where
    T: Send + 'static,
    P: Send + 'static,
{
    let (tasks, inbox) = unbounded::<Task<T, P>>();
    // Not joined: one may wait for a service when the run ends.
    start_several(workers.max(1), "rows", |name| {
        let (inbox, work) = (inbox.clone(), Arc::clone(work));
        start(name, move || inbox.into_iter().for_each(|task| walk(task, &*work)))
    })?;
    Ok(Arc::new(move |item| {
        let (pages, outbox) = bounded(WAITING_PAGES);
        // Threads catch panics, so that they are there as long as this is.
        drop(tasks.send(Task { item, pages }));
        outbox
    }))
}

/// Works on an item to its end, or until its pages are not wanted any more.
fn walk<T, P>(task: Task<T, P>, work: &dyn Fn(T) -> Result<PageIter<P>, BoxError>) {
    let Task { item, pages } = task;
    let walked = catch_unwind(AssertUnwindSafe(|| {
        let made = match work(item) {
            Ok(made) => made,
            Err(error) => return drop(pages.send(Made::Page(Err(error)))),
        };
        for page in made {
            let is_last = page.is_err();
            if pages.send(Made::Page(page)).is_err() || is_last {
                return;
            }
        }
    }));
    drop(pages.send(match walked {
        Ok(()) => Made::Done,
        Err(panic) => Made::Panicked(panic),
    }));
}
