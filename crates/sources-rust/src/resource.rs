//! Resources: a name, hints, and something that yields pages.

use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};

use cartage_source_api::{Producer, Resume};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::any::{AnyResource, Spec};
use crate::error::BoxError;
use crate::flow::{Flow, Make, PageIter};
use crate::hints::hint_methods;
use crate::incremental::Incremental;
use crate::limit::Limit;
use crate::page::IntoPages;
use crate::producer::RustProducer;
use crate::run::Run;

/// Rows that make a page, where they come one by one.
const ROWS_OF_A_PAGE: usize = 1_000;

/// A resource that yields the rows of an iterator, a list or the receiver of a channel.
pub fn rows<T, I>(name: &str, rows: I) -> ResourceBuilder<Vec<T>>
where
    T: Serialize + Send + 'static,
    I: IntoIterator<Item = T>,
    I::IntoIter: Send + 'static,
{
    let mut rows = rows.into_iter();
    let next = move || {
        let page: Vec<T> = rows.by_ref().take(ROWS_OF_A_PAGE).collect();
        (!page.is_empty()).then_some(page)
    };
    pages(name, std::iter::from_fn(next))
}

/// A resource that yields pages of an iterator: lists of rows, [JSON text](crate::JsonText) or Arrow batches.
///
/// The iterator is used up by one run. A resource that is to run again needs a function:
/// [`resource`].
pub fn pages<P, I>(name: &str, pages: I) -> ResourceBuilder<P>
where
    P: IntoPages + 'static,
    I: IntoIterator<Item = P>,
    I::IntoIter: Send + 'static,
{
    let once = Mutex::new(Some(pages.into_iter().map(Ok)));
    let make = move |run: Run| {
        let pages = once.lock().unwrap_or_else(PoisonError::into_inner).take();
        let pages = pages.ok_or_else(|| {
            let name = run.resource();
            format!(
                "the rows of `{name}` were consumed by an earlier run; create the resource again, or give it a function"
            )
        })?;
        Ok(Flow::Pages(Box::new(pages) as PageIter<P>))
    };
    ResourceBuilder::of(name, Arc::new(make))
}

/// A resource that begins when it is extracted: `begin` gets what the last run left, and returns pages.
///
/// An error of `begin` or of a page ends the extract, and nothing is published.
pub fn resource<P, I, F>(name: &str, begin: F) -> ResourceBuilder<P>
where
    P: IntoPages + 'static,
    I: IntoIterator<Item = Result<P, BoxError>>,
    I::IntoIter: Send + 'static,
    F: Fn(Run) -> Result<I, BoxError> + Send + Sync + 'static,
{
    let make = move |run: Run| Ok(Flow::Pages(Box::new(begin(run)?.into_iter()) as PageIter<P>));
    ResourceBuilder::of(name, Arc::new(make))
}

/// A resource whose pages are of type `P`, with its hints.
///
/// Hints have dlt's names. They are checked when the source is built. Clones yield the same pages: where several of
/// them are in a source, as the parent of several transformers, the pages are made once.
#[must_use = "a resource does nothing until it is part of a source"]
pub struct ResourceBuilder<P> {
    pub(crate) spec: Spec,
    pub(crate) make: Make<P>,
}

impl<P> Clone for ResourceBuilder<P> {
    fn clone(&self) -> Self {
        Self { spec: self.spec.clone(), make: Arc::clone(&self.make) }
    }
}

impl<P> Debug for ResourceBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceBuilder")
            .field("name", &self.spec.name)
            .field("hints", &self.spec.hints)
            .finish_non_exhaustive()
    }
}

impl<P> ResourceBuilder<P> {
    hint_methods!();

    pub(crate) fn of(name: &str, make: Make<P>) -> Self {
        Self { spec: Spec::new(name), make }
    }

    /// The same resource with other pages.
    pub(crate) fn remake<Q>(self, remake: impl FnOnce(Make<P>) -> Make<Q>) -> ResourceBuilder<Q> {
        let Self { mut spec, make } = self;
        spec.identity = Arc::default();
        ResourceBuilder { spec, make: remake(make) }
    }

    pub(crate) fn hints_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.spec.hints
    }

    /// The name, under which its state is kept.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Another name. Where the resource is cloned before, both are extracted, each with a state of its own.
    pub fn renamed(mut self, name: &str) -> Self {
        name.clone_into(&mut self.spec.name);
        self.spec.identity = Arc::default();
        self
    }

    /// Name of the table; that of the resource without.
    pub fn table_name(self, name: &str) -> Self {
        self.hint("table_name", name)
    }

    /// Loads only rows whose cursor is beyond that of earlier runs: a field, or an
    /// [`incremental`](crate::incremental()) that says more.
    pub fn incremental(self, cursor: impl Into<Incremental>) -> Self {
        self.hint("incremental", cursor.into().into_value())
    }

    /// Takes only a part: for a first look. It has no effect on transformers, whose parent is limited instead.
    pub fn limit(mut self, limit: Limit) -> Self {
        self.spec.limit = limit;
        self
    }

    /// Says from where the next run continues, thanks to what the resource puts into its state. It decides whether
    /// a long extract publishes rows before its end.
    pub fn resumes(mut self, resume: Resume) -> Self {
        self.spec.resume = resume;
        self
    }

    /// Whether it takes part where no resources are selected.
    pub fn selected(mut self, is_selected: bool) -> Self {
        self.spec.selected = is_selected;
        self
    }
}

impl<P: IntoPages + 'static> From<ResourceBuilder<P>> for AnyResource {
    fn from(resource: ResourceBuilder<P>) -> Self {
        let ResourceBuilder { spec, make } = resource;
        let producer =
            move |spec: &Spec| -> Box<dyn Producer> { Box::new(RustProducer::new(spec, Arc::clone(&make))) };
        Self { spec, producer: Arc::new(producer) }
    }
}
