//! What happens to rows on their way: `add_map`, `add_filter` and `add_yield_map` of dlt.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use cartage_runtime::threads::{start_helpers, start_scoped};
use serde::de::DeserializeOwned;

use crate::error::BoxError;
use crate::items::rows_of;
use crate::page::{IntoPages, Outbox};
use crate::resource::ResourceBuilder;

/// Steps may be shared by clones of a resource that run at the same time.
impl<T: Send + 'static> ResourceBuilder<Vec<T>> {
    /// Makes another row of each row.
    pub fn map<U: 'static>(self, f: impl Fn(T) -> U + Send + Sync + 'static) -> ResourceBuilder<Vec<U>> {
        self.each_page(move |page| Ok(page.into_iter().map(&f).collect()))
    }

    /// Makes another row of each row; an error ends the extract.
    pub fn try_map<U: 'static>(
        self,
        f: impl Fn(T) -> Result<U, BoxError> + Send + Sync + 'static,
    ) -> ResourceBuilder<Vec<U>> {
        self.each_page(move |page| page.into_iter().map(&f).collect())
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
    pub fn filter(self, f: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.each_page(move |mut page| {
            page.retain(&f);
            Ok(page)
        })
    }

    /// Makes any number of rows of each row.
    pub fn flat_map<U: 'static, I: IntoIterator<Item = U>>(
        self,
        f: impl Fn(T) -> I + Send + Sync + 'static,
    ) -> ResourceBuilder<Vec<U>> {
        self.each_page(move |page| Ok(page.into_iter().flat_map(&f).collect()))
    }

    /// Sees each row, as for metrics.
    pub fn inspect(self, f: impl Fn(&T) + Send + Sync + 'static) -> Self {
        self.each_page(move |page| {
            page.iter().for_each(&f);
            Ok(page)
        })
    }
}

impl<P: IntoPages + 'static> ResourceBuilder<P> {
    /// Reads the rows of pages that are text or columns, so that there can be steps over them.
    pub fn rows_as<T: DeserializeOwned + Send + 'static>(self) -> ResourceBuilder<Vec<T>> {
        let name = self.name().to_owned();
        self.each_page(move |page| {
            let mut out = Outbox::new(&name);
            page.into_pages(&mut out)?;
            let mut rows = Vec::new();
            while let Some((page, route)) = out.pop() {
                if route.is_some() {
                    return Err("rows with a mark cannot be read back: put the step before the mark".into());
                }
                rows.extend(rows_of::<T>(&page)?);
            }
            Ok(rows)
        })
    }
}

impl<P: 'static> ResourceBuilder<P> {
    /// Makes another page of each page.
    pub(crate) fn each_page<Q: 'static>(
        self,
        f: impl Fn(P) -> Result<Q, BoxError> + Send + Sync + 'static,
    ) -> ResourceBuilder<Q> {
        let f = Arc::new(f);
        self.remake(move |make| Arc::new(move |run| Ok(make(run)?.map(f.clone()))))
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
        let helpers = start_helpers(workers - 1, "map", |name| start_scoped(scope, name, work));
        let mut results = work();
        for helper in helpers {
            results.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    });
    results.sort_unstable_by_key(|(row, _)| *row);
    results.into_iter().map(|(_, result)| result).collect()
}
