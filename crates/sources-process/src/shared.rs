//! What the producers of one program have in common: the one that reads it, and those of its resources.

use std::sync::{Arc, Mutex, PoisonError};

use cartage_schema::DataType;
use cartage_source_api::{Page, Route, SourceError, StateChange};

use crate::request::RequestedResource;

/// Known to the producer that reads the program and to those of the resources.
#[derive(Default)]
pub(crate) struct Shared(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    opened: Vec<Opened>,
    /// Whether some resource was closed before its end, so that rows are missing from what later states cover.
    is_cut_short: bool,
    warnings: Vec<String>,
}

struct Opened {
    resource: RequestedResource,
    commits_before_end: bool,
    is_closed: bool,
    column_types: Vec<(String, DataType)>,
}

impl Shared {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a resource takes part.
    pub(crate) fn open(&self, resource: RequestedResource, commits_before_end: bool) {
        self.inner().opened.push(Opened {
            resource,
            commits_before_end,
            is_closed: false,
            column_types: Vec::new(),
        });
    }

    /// Notes that no more rows of a resource are taken.
    pub(crate) fn close(&self, number: usize) {
        let mut inner = self.inner();
        for opened in inner.opened.iter_mut().filter(|opened| opened.resource.number == number) {
            opened.is_closed = true;
        }
        inner.is_cut_short = true;
    }

    /// Whether some resource wants no more rows although there may be some.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.inner().is_cut_short
    }

    /// Whether nobody wants rows any more.
    pub(crate) fn is_over(&self) -> bool {
        self.inner().opened.iter().all(|opened| opened.is_closed)
    }

    /// The resources that take part.
    pub(crate) fn requested(&self) -> Vec<RequestedResource> {
        self.inner().opened.iter().map(|opened| opened.resource.clone()).collect()
    }

    /// Whether checkpoints may be committed before the end, for all of them.
    pub(crate) fn commits_before_end(&self) -> bool {
        self.inner().opened.iter().all(|opened| opened.commits_before_end)
    }

    /// Keeps something that the user should know, once.
    pub(crate) fn warn(&self, text: String) {
        let mut inner = self.inner();
        if !inner.warnings.contains(&text) {
            inner.warnings.push(text);
        }
    }

    /// The warnings, for the first resource: they are about all of them.
    pub(crate) fn warnings(&self, number: usize) -> Vec<String> {
        let inner = self.inner();
        let is_first = inner.opened.first().is_some_and(|opened| opened.resource.number == number);
        if is_first { inner.warnings.clone() } else { Vec::new() }
    }

    /// Notes the types of columns that became known while the program was read.
    pub(crate) fn settle_types(&self, types: impl Fn(usize) -> Vec<(String, DataType)>) {
        for opened in &mut self.inner().opened {
            opened.column_types = types(opened.resource.number);
        }
    }

    /// The types of columns of a resource.
    pub(crate) fn column_types(&self, number: usize) -> Vec<(String, DataType)> {
        let inner = self.inner();
        let found = inner.opened.iter().find(|opened| opened.resource.number == number);
        found.map(|opened| opened.column_types.clone()).unwrap_or_default()
    }

    /// A resource that is open still, and carries what the source remembers.
    pub(crate) fn carrier(&self) -> Option<usize> {
        let inner = self.inner();
        inner.opened.iter().find(|opened| !opened.is_closed).map(|opened| opened.resource.number)
    }
}

/// What the producer that reads the program hands to those of the resources.
pub(crate) enum Parcel {
    /// Rows for one of them.
    Rows { resource: usize, page: Mutex<Option<Page>>, route: Option<Arc<Route>> },
    /// A place where a later run can go on, with the changes of the state by resource.
    Checkpoint(Vec<(usize, StateChange)>),
    /// A resource failed.
    Failed { resource: usize, error: Mutex<Option<SourceError>> },
}
