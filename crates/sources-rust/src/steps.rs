//! What happens to rows on their way: `add_map`, `add_filter` and `add_yield_map` of dlt.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::builder::{Make, PageIter, ResourceBuilder};
use crate::error::BoxError;

impl<T: Send + 'static> ResourceBuilder<Vec<T>> {
    /// Makes another row of each row.
    pub fn map<U: 'static>(self, mut f: impl FnMut(T) -> U + Send + 'static) -> ResourceBuilder<Vec<U>> {
        self.each_page(move |page| Ok(page.into_iter().map(&mut f).collect()))
    }

    /// Makes another row of each row; an error ends the extract.
    pub fn try_map<U: 'static>(
        self,
        mut f: impl FnMut(T) -> Result<U, BoxError> + Send + 'static,
    ) -> ResourceBuilder<Vec<U>> {
        self.each_page(move |page| page.into_iter().map(&mut f).collect())
    }

    /// Makes another row of each row, `workers` of them at the same time: for functions that wait, as for a
    /// service. Rows keep their order.
    pub fn parallel_map<U: Send + 'static>(
        self,
        workers: usize,
        f: impl Fn(T) -> Result<U, BoxError> + Send + Sync + 'static,
    ) -> ResourceBuilder<Vec<U>> {
        self.each_page(move |page| in_parallel(page, workers, &f))
    }

    /// Keeps only some rows.
    pub fn filter(self, mut f: impl FnMut(&T) -> bool + Send + 'static) -> Self {
        self.each_page(move |mut page| {
            page.retain(&mut f);
            Ok(page)
        })
    }

    /// Makes any number of rows of each row.
    pub fn flat_map<U: 'static, I: IntoIterator<Item = U>>(
        self,
        mut f: impl FnMut(T) -> I + Send + 'static,
    ) -> ResourceBuilder<Vec<U>> {
        self.each_page(move |page| Ok(page.into_iter().flat_map(&mut f).collect()))
    }

    /// Sees each row, as for metrics.
    pub fn inspect(self, mut f: impl FnMut(&T) + Send + 'static) -> Self {
        self.each_page(move |page| {
            page.iter().for_each(&mut f);
            Ok(page)
        })
    }

    fn each_page<U: 'static>(
        self,
        mut f: impl FnMut(Vec<T>) -> Result<Vec<U>, BoxError> + Send + 'static,
    ) -> ResourceBuilder<Vec<U>> {
        self.remake(move |make: Make<Vec<T>>| {
            Box::new(move |run| {
                let pages = make(run)?;
                let mapped: PageIter<Vec<U>> = Box::new(pages.map(move |page| f(page?)));
                Ok(mapped)
            })
        })
    }
}

/// The results in the order of the rows. The first error in that order counts.
fn in_parallel<T: Send, U: Send>(
    rows: Vec<T>,
    workers: usize,
    f: &(impl Fn(T) -> Result<U, BoxError> + Sync),
) -> Result<Vec<U>, BoxError> {
    let workers = workers.clamp(1, rows.len().max(1));
    let queue = Mutex::new(rows.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || std::iter::from_fn(next).map(|(row, item)| (row, f(item))).collect::<Vec<_>>();
    let mut results = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    results.sort_unstable_by_key(|(row, _)| *row);
    results.into_iter().map(|(_, result)| result).collect()
}
