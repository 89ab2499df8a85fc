//! A resource as the stage sees it.

use std::sync::Arc;

use cartage_source_api::{OpenContext, Page, Producer, Resume, Route, RouteScope, SourceError, StateChange};

use crate::any::Spec;
use crate::error::source_error;
use crate::flow::{Flow, Make, PageIter, Transform};
use crate::limit::{Limit, Used};
use crate::page::{IntoPages, Outbox};
use crate::run::Run;
use crate::state::State;

/// Makes pages of what the user's code returns.
pub(crate) struct RustProducer<P> {
    make: Make<P>,
    /// How pages of the parent become pages.
    transform: Option<Transform<P>>,
    /// The pages of the resource, or of the page of its parent that it works on.
    pages: Option<PageIter<P>>,
    state: Option<State>,
    /// Pages of the item that was taken last.
    ready: Outbox,
    /// Where the page that was handed over last goes.
    route: Option<Arc<Route>>,
    has_parent: bool,
    limit: Limit,
    used: Used,
    resume: Resume,
    route_scope: Option<RouteScope>,
}

impl<P: IntoPages> RustProducer<P> {
    pub(crate) fn new(spec: &Spec, make: Make<P>) -> Self {
        Self {
            make,
            transform: None,
            pages: None,
            state: None,
            ready: Outbox::new(&spec.name),
            route: None,
            has_parent: spec.parent.is_some(),
            limit: spec.limit,
            used: Used::none_of(spec.limit),
            resume: spec.resume,
            route_scope: spec.route_scope,
        }
    }

    /// Takes the next item. False if there is none, or no room for it.
    fn take_item(&mut self) -> Result<bool, SourceError> {
        let has_room = self.has_parent || self.used.has_room();
        let Some(pages) = self.pages.as_mut().filter(|_| has_room) else { return Ok(false) };
        let Some(item) = pages.next() else { return Ok(false) };
        let item = item.map_err(source_error)?;
        let known = item.row_count();
        item.into_pages(&mut self.ready)?;
        self.used.add(if known > 0 { known } else { self.ready.rows() });
        Ok(true)
    }
}

impl<P: IntoPages> Producer for RustProducer<P> {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        let run = Run::new(context);
        self.state = Some(run.state());
        match (self.make)(run).map_err(source_error)? {
            Flow::Pages(pages) => self.pages = Some(pages),
            Flow::OfParent(transform) => self.transform = Some(transform),
        }
        self.used = Used::none_of(self.limit);
        Ok(None)
    }

    fn take_parent_page(&mut self, page: &Page) -> Result<(), SourceError> {
        let transform = self.transform.as_mut().ok_or_else(|| {
            SourceError::Config("it is not a transformer, and takes nothing from a parent".to_owned())
        })?;
        self.pages = Some(transform(page).map_err(source_error)?);
        Ok(())
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        while self.ready.is_empty() {
            if !self.take_item()? {
                return Ok(None);
            }
        }
        let (page, route) = self.ready.pop().expect("it is not empty");
        self.route = route;
        Ok(Some(page))
    }

    fn take_route(&mut self) -> Option<Arc<Route>> {
        self.route.take()
    }

    fn route_scope(&self) -> RouteScope {
        self.route_scope.unwrap_or(P::ROUTE_SCOPE)
    }

    fn warnings(&self) -> Vec<String> {
        if self.has_parent && self.limit != Limit::default() {
            return vec!["its limit has no effect, because it is a transformer: limit its parent".to_owned()];
        }
        Vec::new()
    }

    fn take_state_change(&mut self) -> StateChange {
        // Of an item that makes several pages, the change goes with the last one.
        match &self.state {
            Some(state) if self.ready.is_empty() => state.take_change(),
            _ => StateChange::default(),
        }
    }

    fn resume(&self) -> Resume {
        self.resume
    }
}
