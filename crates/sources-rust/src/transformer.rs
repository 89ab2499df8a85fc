//! Transformers: resources that work on the rows or pages of another one.

use std::fmt::{self, Debug};
use std::ops::BitOr;
use std::sync::Arc;

use cartage_runtime::threads::NoThread;
use cartage_source_api::Page;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::any::AnyResource;
use crate::any::Spec;
use crate::error::BoxError;
use crate::flow::{Flow, Make, PageIter, Transform};
use crate::hints::hint_methods;
use crate::items::{FromPage, rows_of};
use crate::page::{IntoPages, Yields};
use crate::resource::ResourceBuilder;
use crate::run::Run;
use crate::walks::{Walks, WorkOn, crew};

/// Gives the items of a page of the parent.
type Split<T> = fn(&Page) -> Result<Vec<T>, BoxError>;

/// Makes pages of an item.
type Work<T, P> = Arc<dyn Fn(&Run, T) -> Result<PageIter<P>, BoxError> + Send + Sync>;

/// A transformer that makes rows of each row of its parent: a page, or [`Lazy`](crate::Lazy) pages.
///
/// ```
/// use cartage_sources_rust::{rows, source, transformer};
/// use serde_json::{Value, json};
///
/// let users = rows("users", [json!({"id": 1, "name": "Ada"})]);
/// let details = transformer("details", |user: Value| Ok(vec![json!({"user": user["id"], "age": 36})]));
/// // Of both, only the details are loaded; add `users.clone()` to load the users, too.
/// let people = source("people").with(users | details);
/// ```
pub fn transformer<T, Y, F>(name: &str, f: F) -> Transformer<Y::Page>
where
    T: DeserializeOwned + Send + 'static,
    Y: Yields + 'static,
    F: Fn(T) -> Result<Y, BoxError> + Send + Sync + 'static,
{
    transformer_with(name, move |_, row| f(row))
}

/// As [`transformer`], for functions that want to know about the run, as for the state.
pub fn transformer_with<T, Y, F>(name: &str, f: F) -> Transformer<Y::Page>
where
    T: DeserializeOwned + Send + 'static,
    Y: Yields + 'static,
    F: Fn(&Run, T) -> Result<Y, BoxError> + Send + Sync + 'static,
{
    Transformer::of(name, rows_of::<T>, Arc::new(move |run, row| Ok(f(run, row)?.into_page_iter())))
}

/// A transformer that makes pages of each page of its parent: of a list of rows, of
/// [JSON text](crate::JsonText) or of an Arrow batch.
pub fn page_transformer<T, Y, F>(name: &str, f: F) -> Transformer<Y::Page>
where
    T: FromPage + 'static,
    Y: Yields + 'static,
    F: Fn(T) -> Result<Y, BoxError> + Send + Sync + 'static,
{
    let split: Split<T> = |page| T::from_page(page).map(|page| vec![page]);
    Transformer::of(name, split, Arc::new(move |_, page| Ok(f(page)?.into_page_iter())))
}

/// A transformer that has no parent yet: `parent | transformer` sets it.
#[must_use = "a transformer does nothing until it has a parent"]
pub struct Transformer<P> {
    spec: Spec,
    make: Arc<dyn Fn(Threads) -> Make<P> + Send + Sync>,
    threads: Threads,
}

/// How many rows are worked on at the same time.
#[derive(Clone, Copy)]
pub(crate) enum Threads {
    One,
    AsSet,
    Some(usize),
}

impl<P> Clone for Transformer<P> {
    fn clone(&self) -> Self {
        Self { spec: self.spec.clone(), make: Arc::clone(&self.make), threads: self.threads }
    }
}

impl<P> Debug for Transformer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transformer").field("name", &self.spec.name).finish_non_exhaustive()
    }
}

impl<P: IntoPages + 'static> Transformer<P> {
    hint_methods!();

    fn of<T: Send + 'static>(name: &str, split: Split<T>, work: Work<T, P>) -> Self {
        let make = move |threads: Threads| {
            let work = Arc::clone(&work);
            let make: Make<P> = Arc::new(move |run: Run| {
                Ok(Flow::OfParent(match threads.count(&run) {
                    1 => one_by_one(run, split, Arc::clone(&work)),
                    workers => in_parallel(run, split, Arc::clone(&work), workers)?,
                }))
            });
            make
        };
        Self { spec: Spec::new(name), make: Arc::new(make), threads: Threads::One }
    }

    pub(crate) fn of_make(name: &str, make: Make<P>) -> Self {
        Self { spec: Spec::new(name), make: Arc::new(move |_| Arc::clone(&make)), threads: Threads::One }
    }

    pub(crate) fn hints_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.spec.hints
    }

    /// Name of the table; that of the transformer without.
    pub fn table_name(self, name: &str) -> Self {
        self.hint("table_name", name)
    }

    /// Works on several rows of the parent at the same time, with as many threads as the setting `workers` of
    /// extract says: for functions that wait, as for a service. No more than `max_parallel_items` rows are begun
    /// and not done. Rows come in the order of those of the parent.
    pub fn parallelized(mut self) -> Self {
        self.threads = Threads::AsSet;
        self
    }

    /// Works on this many rows of the parent at the same time.
    pub fn workers(mut self, workers: usize) -> Self {
        self.threads = Threads::Some(workers.max(1));
        self
    }

    /// Binds it to a parent: the same as `parent | transformer`.
    pub fn of_parent(self, parent: impl Into<AnyResource>) -> ResourceBuilder<P> {
        let mut spec = self.spec;
        spec.parent = Some(Arc::new(parent.into()));
        spec.identity = Arc::default();
        ResourceBuilder { spec, make: (self.make)(self.threads) }
    }
}

impl<P, Q> BitOr<Transformer<Q>> for ResourceBuilder<P>
where
    P: IntoPages + 'static,
    Q: IntoPages + 'static,
{
    type Output = ResourceBuilder<Q>;

    fn bitor(self, transformer: Transformer<Q>) -> ResourceBuilder<Q> {
        transformer.of_parent(self)
    }
}

impl<P, Q> BitOr<Transformer<Q>> for &ResourceBuilder<P>
where
    P: IntoPages + 'static,
    Q: IntoPages + 'static,
{
    type Output = ResourceBuilder<Q>;

    fn bitor(self, transformer: Transformer<Q>) -> ResourceBuilder<Q> {
        transformer.of_parent(self.clone())
    }
}

impl Threads {
    fn count(self, run: &Run) -> usize {
        match self {
            Self::One => 1,
            Self::AsSet => run.workers(),
            Self::Some(workers) => workers,
        }
    }
}

fn one_by_one<T: Send + 'static, P: Send + 'static>(
    run: Run,
    split: Split<T>,
    work: Work<T, P>,
) -> Transform<P> {
    Box::new(move |page| {
        let (run, work) = (run.clone(), Arc::clone(&work));
        let pages = split(page)?.into_iter().flat_map(move |item| -> PageIter<P> {
            match work(&run, item) {
                Ok(pages) => pages,
                Err(error) => Box::new(std::iter::once(Err(error))),
            }
        });
        Ok(Box::new(pages))
    })
}

fn in_parallel<T: Send + 'static, P: Send + 'static>(
    run: Run,
    split: Split<T>,
    work: Work<T, P>,
    workers: usize,
) -> Result<Transform<P>, NoThread> {
    let most = run.max_parallel_items().max(workers);
    let work_on: WorkOn<T, P> = Arc::new(move |item| work(&run, item));
    let begin = crew(workers, &work_on)?;
    Ok(Box::new(move |page| Ok(Box::new(Walks::new(split(page)?, most, Arc::clone(&begin))))))
}
