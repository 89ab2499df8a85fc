//! A resource as the stage sees it.

use std::collections::VecDeque;
use std::sync::Arc;

use cartage_extract::{OpenContext, Page, Producer, Resume, SourceError, StateChange};

use crate::builder::{Make, PageIter};
use crate::error::source_error;
use crate::limit::{Limit, Used};
use crate::page::IntoPages;
use crate::run::Run;
use crate::state::State;

/// Makes pages of what the user's iterator gives.
pub(crate) struct RustProducer<P> {
    name: Arc<str>,
    make: Option<Make<P>>,
    pages: Option<PageIter<P>>,
    state: Option<State>,
    /// Pages of the item that was taken last.
    ready: VecDeque<Page>,
    limit: Limit,
    used: Used,
    resume: Resume,
}

impl<P: IntoPages> RustProducer<P> {
    pub(crate) fn new(name: &str, make: Make<P>, limit: Limit, resume: Resume) -> Self {
        Self {
            name: name.into(),
            make: Some(make),
            pages: None,
            state: None,
            ready: VecDeque::new(),
            limit,
            used: Used::none_of(limit),
            resume,
        }
    }
}

impl<P: IntoPages> Producer for RustProducer<P> {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        let run = Run::new(context);
        self.state = Some(run.state());
        if let Some(make) = self.make.take() {
            self.pages = Some(make(run).map_err(source_error)?);
        }
        self.used = Used::none_of(self.limit);
        Ok(None)
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let Some(pages) = &mut self.pages else { return Ok(None) };
        while self.ready.is_empty() {
            if !self.used.has_room() {
                return Ok(None);
            }
            let Some(item) = pages.next() else { return Ok(None) };
            let item = item.map_err(source_error)?;
            let known = item.row_count();
            item.into_pages(&self.name, &mut self.ready)?;
            let counted = || self.ready.iter().map(Page::rows).sum();
            self.used.add(if known > 0 { known } else { counted() });
        }
        Ok(self.ready.pop_front())
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
