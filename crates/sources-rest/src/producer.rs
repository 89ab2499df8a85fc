//! Pages of one resource for the stage.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use cartage_source_api::{
    Finding, Input, OpenContext, Page, Producer, Resume, SourceError, StateChange, StateOf,
};
use serde::Deserialize;
use serde_json::Value;

use crate::background::Background;
use crate::endpoint::{Endpoint, Parent};
use crate::fetch::{RecordedAnswer, ReplayedAnswer, replay, start};
use crate::paginate::{POSITION, Position};
use crate::pagination::{FetchStats, Pages, Pagination};
use crate::template::Values;

/// Fetches the pages of a resource. The rows of a parent make one walk each; their pages come in the order of
/// the parent's rows.
#[derive(Debug)]
pub struct RestProducer {
    endpoint: Arc<Endpoint>,
    /// How messages and the trace name what is read.
    input: String,
    background: Arc<Background>,
    max_row_bytes: usize,
    /// Values that all requests share.
    values: Values,
    /// Walks that have not begun, and those that have.
    waiting: VecDeque<Pagination>,
    walks: VecDeque<Pages>,
    tally: Arc<FetchStats>,
    /// What the page that was given last changes in the state.
    change: StateChange,
}

impl RestProducer {
    pub(crate) fn new(endpoint: Endpoint, input: String, background: Arc<Background>) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            input,
            background,
            max_row_bytes: usize::MAX,
            values: Values::new(),
            waiting: VecDeque::new(),
            walks: VecDeque::new(),
            tally: Arc::default(),
            change: StateChange::default(),
        }
    }

    /// Takes answers that were recorded as the API's, one after the other, and sends nothing: what would be made of
    /// them, and what would be asked for next. A configuration can be tried out with it, without the API.
    ///
    /// It ends after the answer that has no next page. The resource has no parent, and placeholders of a cursor have
    /// no value.
    ///
    /// # Errors
    /// [`SourceError`] at the first answer that cannot be read or shows no way on, as in a run.
    pub fn replay(
        &self,
        answers: impl IntoIterator<Item = RecordedAnswer>,
    ) -> Result<Vec<ReplayedAnswer>, SourceError> {
        replay(self.walk(&self.values, Vec::new())?, answers)
    }

    fn walk(&self, values: &Values, suffix: Vec<u8>) -> Result<Pagination, SourceError> {
        let request = self.endpoint.request(values).map_err(SourceError::Config)?;
        Ok(Pagination {
            endpoint: Arc::clone(&self.endpoint),
            request,
            suffix,
            max_row_bytes: self.max_row_bytes,
            tally: Arc::clone(&self.tally),
            resume: None,
        })
    }

    /// Where an interrupted run stopped.
    fn remembered(&self, context: &OpenContext) -> Result<Option<Position>, SourceError> {
        if !self.endpoint.resume || context.is_hidden {
            return Ok(None);
        }
        let Some(value) = context.resource_state().and_then(|state| state.get(POSITION)) else {
            return Ok(None);
        };
        let unusable = |error: serde_json::Error| {
            SourceError::Config(format!(
                "the state has a position in its pages that cannot be understood ({error}); forget it with \
                 `cartage drop {} --state-only`",
                context.resource
            ))
        };
        Position::deserialize(value).map(Some).map_err(unusable)
    }

    fn walk_for_row(&self, parent: &Parent, row: &[u8]) -> Result<Pagination, SourceError> {
        let mut values = parent.values(row).map_err(SourceError::Config)?;
        values.extend(self.values.clone());
        self.walk(&values, parent.suffix(row).map_err(SourceError::Config)?)
    }

    /// Begins walks ahead of need.
    fn begin_walks(&mut self) -> Result<(), SourceError> {
        let most = self.endpoint.client.session.parallel_requests.max(1);
        while self.walks.len() < most
            && let Some(walk) = self.waiting.pop_front()
        {
            self.walks.push_back(start(walk, &self.background.handle()?));
        }
        Ok(())
    }
}

impl Producer for RestProducer {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        self.max_row_bytes = context.max_line_bytes;
        self.values = self.endpoint.cursor_values(context.cursor.as_ref()).map_err(SourceError::Config)?;
        if self.endpoint.parent.is_none() {
            let walk = self.walk(&self.values, Vec::new())?;
            self.waiting.push_back(Pagination { resume: self.remembered(context)?, ..walk });
        }
        Ok(None)
    }

    fn take_parent_page(&mut self, page: &Page) -> Result<(), SourceError> {
        let (Page::Json(page), Some(parent)) = (page, &self.endpoint.parent) else {
            return Err(SourceError::Config("a parent must yield rows of JSON".to_owned()));
        };
        let rows = page.text().split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
        let walks = rows.map(|row| self.walk_for_row(parent, row)).collect::<Result<Vec<_>, _>>()?;
        self.waiting.extend(walks);
        Ok(())
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        loop {
            self.begin_walks()?;
            let Some(walk) = self.walks.front_mut() else {
                if self.endpoint.resume {
                    // The next run begins at the first page.
                    self.change = StateChange::default().remove(StateOf::Resource, POSITION);
                }
                return Ok(None);
            };
            match walk.blocking_recv() {
                Some(portion) => {
                    let portion = portion?;
                    if let Some(position) = portion.behind {
                        self.change =
                            StateChange::default().set(StateOf::Resource, POSITION, written(&position));
                    }
                    return Ok(Some(Page::Json(portion.page)));
                }
                None => drop(self.walks.pop_front()),
            }
        }
    }

    fn findings(&self) -> Vec<Finding> {
        let chosen = self.tally.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoint = &self.endpoint;
        let paginator = chosen.paginator.clone().unwrap_or_else(|| endpoint.paginator.to_string());
        let selector =
            endpoint.selector.as_ref().map(ToString::to_string).or_else(|| chosen.selector.clone());
        let finding = |name, value, is_found| Finding { name, value, is_found };
        vec![
            finding("paginator", paginator, chosen.paginator.is_some()),
            finding("selector", selector.unwrap_or_default(), endpoint.selector.is_none()),
        ]
    }

    fn take_state_change(&mut self) -> StateChange {
        std::mem::take(&mut self.change)
    }

    fn resume(&self) -> Resume {
        if self.endpoint.resume { Resume::AtEachPage } else { Resume::Never }
    }

    fn starts_over(&self) -> bool {
        self.endpoint.resume
    }

    fn inputs(&self) -> Vec<Input> {
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        vec![Input {
            name: self.input.clone(),
            bytes: count(&self.tally.bytes),
            rows: count(&self.tally.rows),
        }]
    }

    fn warnings(&self) -> Vec<String> {
        let has_answers = self.tally.answers.load(Ordering::Relaxed) > 0;
        if has_answers && !self.tally.has_matched.load(Ordering::Relaxed) {
            let selector = self.endpoint.selector.as_ref().map(ToString::to_string).unwrap_or_default();
            return vec![format!("the data_selector `{selector}` found nothing in any answer; check it")];
        }
        Vec::new()
    }
}

/// A position as the state keeps it.
fn written(position: &Position) -> Value {
    serde_json::to_value(position).unwrap_or_default()
}
