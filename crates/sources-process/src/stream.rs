//! The producer of one resource of a program: it takes its rows of what the program's reader hands out.

use std::sync::{Arc, PoisonError};

use cartage_schema::DataType;
use cartage_source_api::{OpenContext, Page, Producer, Resume, Route, RouteScope, SourceError, StateChange};

use crate::request::RequestedResource;
use crate::shared::{Parcel, Shared};

/// One resource of a program.
pub(crate) struct Stream {
    number: usize,
    shared: Arc<Shared>,
    resume: Resume,
    scope: RouteScope,
    /// What was handed out last, until this resource has taken what it needs of it.
    parcel: Option<Page>,
    change: StateChange,
    route: Option<Arc<Route>>,
}

impl Stream {
    pub(crate) fn new(number: usize, shared: Arc<Shared>, resume: Resume, scope: RouteScope) -> Self {
        Self { number, shared, resume, scope, parcel: None, change: StateChange::default(), route: None }
    }
}

impl Producer for Stream {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        let resource = RequestedResource { number: self.number, cursor: context.cursor.clone() };
        self.shared.open(resource, context.commits_before_end);
        Ok(None)
    }

    fn take_parent_page(&mut self, page: &Page) -> Result<(), SourceError> {
        if let Page::Message(message) = page {
            self.parcel = Some(Page::Message(Arc::clone(message)));
        }
        Ok(())
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let Some(Page::Message(message)) = self.parcel.take() else { return Ok(None) };
        match message.downcast_ref::<Parcel>() {
            Some(Parcel::Rows { resource, page, route }) if *resource == self.number => {
                self.route.clone_from(route);
                Ok(page.lock().unwrap_or_else(PoisonError::into_inner).take())
            }
            Some(Parcel::Checkpoint(changes)) => {
                let mine = changes.iter().filter(|(resource, _)| *resource == self.number);
                let change = mine.fold(StateChange::default(), |all, (_, change)| all.then(change.clone()));
                self.change = change.at_checkpoint();
                self.route = None;
                Ok(Some(Page::Message(Arc::new(()))))
            }
            Some(Parcel::Failed { resource, error }) if *resource == self.number => {
                let error = error.lock().unwrap_or_else(PoisonError::into_inner).take();
                error.map_or(Ok(None), Err)
            }
            _ => Ok(None),
        }
    }

    fn take_state_change(&mut self) -> StateChange {
        std::mem::take(&mut self.change)
    }

    fn take_route(&mut self) -> Option<Arc<Route>> {
        self.route.take()
    }

    fn route_scope(&self) -> RouteScope {
        self.scope
    }

    fn column_types(&self) -> Vec<(String, DataType)> {
        self.shared.column_types(self.number)
    }

    fn warnings(&self) -> Vec<String> {
        self.shared.warnings(self.number)
    }

    fn close(&mut self) {
        self.shared.close(self.number);
    }

    fn resume(&self) -> Resume {
        self.resume
    }

    fn has_checkpoints(&self) -> bool {
        true
    }
}
