//! Pages of one resource for the stage.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cartage_extract::{Input, OpenContext, Page, Producer, SourceError};

use crate::background::Background;
use crate::endpoint::{Endpoint, Parent};
use crate::fetch::{Pages, Tally, Walk, start};
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
    waiting: VecDeque<Walk>,
    walks: VecDeque<Pages>,
    tally: Arc<Tally>,
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
        }
    }

    fn walk(&self, values: &Values, suffix: Vec<u8>) -> Result<Walk, SourceError> {
        let request = self.endpoint.request(values).map_err(SourceError::Config)?;
        Ok(Walk {
            endpoint: Arc::clone(&self.endpoint),
            request,
            suffix,
            max_row_bytes: self.max_row_bytes,
            tally: Arc::clone(&self.tally),
        })
    }

    fn walk_for_row(&self, parent: &Parent, row: &[u8]) -> Result<Walk, SourceError> {
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
            self.waiting.push_back(self.walk(&self.values.clone(), Vec::new())?);
        }
        Ok(None)
    }

    fn take_parent_page(&mut self, page: &Page) -> Result<(), SourceError> {
        let (Page::Json(page), Some(parent)) = (page, &self.endpoint.parent) else {
            return Err(SourceError::Config("a parent must give rows of JSON".to_owned()));
        };
        let rows = page.text().split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
        let walks = rows.map(|row| self.walk_for_row(parent, row)).collect::<Result<Vec<_>, _>>()?;
        self.waiting.extend(walks);
        Ok(())
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        loop {
            self.begin_walks()?;
            let Some(walk) = self.walks.front_mut() else { return Ok(None) };
            match walk.blocking_recv() {
                Some(page) => return page.map(Page::Json).map(Some),
                None => drop(self.walks.pop_front()),
            }
        }
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
