//! A producer whose rows pass a cursor.

use std::mem;
use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::RecordBatch;
use cartage_data_files::parquet::FileReader;
use cartage_schema::DataType;
use cartage_source_api::{
    CursorAdvance, CursorId, CursorRange, Finding, HashChange, Input, InputPosition, JsonPage, LastValue,
    OpenContext, Page, ParquetFile, Producer, Resume, Route, RouteScope, SourceError, StateChange,
};
use cartage_state::PipelineState;
use serde_json::Value;

use crate::columns_page::BatchFilter;
use crate::error::CursorError;
use crate::lag;
use crate::meaning::Meaning;
use crate::parquet_file::{self, Decision};
use crate::position::{self, CursorEntry};
use crate::rows::{Filtered, Known, RowFilter, not_comparable};
use crate::settings::{CursorSettings, RowOrder};
use crate::value::CursorValue;
use crate::window::Window;

/// Passes on the rows of another producer that the range of this run lets pass.
pub(crate) struct IncrementalProducer {
    inner: Box<dyn Producer>,
    settings: CursorSettings,
    window: Window,
    known: Known,
    /// The last value that the state has.
    stored: Option<CursorValue<'static>>,
    /// Rows that the run may still take.
    room: u64,
    id: CursorId,
    /// The range that the inner producer gets, and the last value as it moves.
    range: CursorRange,
    last: LastValue,
    /// Whether the rows belong to those of a parent: the next one's may begin anywhere in the range again.
    has_parent: bool,
    /// What the page that is handed over next does to the cursor.
    step: Option<CursorAdvance>,
    /// What the page of the inner producer that is being passed on changes in the state.
    inner_change: StateChange,
    file: Option<OpenFile>,
    /// Where the page that is being passed on goes.
    route: Option<Arc<Route>>,
    is_done: bool,
}

/// A Parquet file of which rows are dropped, as it is read.
struct OpenFile {
    file: ParquetFile,
    reader: FileReader,
    /// The batch that comes next: who hands over the last one must know that it is.
    next: RecordBatch,
}

/// What is known of the cursor's column, and what else ends a producer with a cursor, or does not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// What the values of the cursor are.
    pub meaning: Meaning,
    /// Rows that the run may take.
    pub max_rows: Option<u64>,
    /// Whether the producer works on the pages of another one.
    pub has_parent: bool,
}

/// Gives the producer of a resource its cursor, whose range starts where the state says. The entry of the state is made
/// where there is none.
///
/// # Errors
/// What is wrong with the settings, or with what the state has, and what to do.
pub fn bind(
    inner: Box<dyn Producer>,
    settings: CursorSettings,
    resource: &str,
    source: &str,
    state: &mut PipelineState,
    bounds: &Bounds,
) -> Result<Box<dyn Producer>, String> {
    let is_stored = settings.keeps_state();
    let entry = if is_stored {
        position::read_or_make(state, source, resource, &settings.name, &settings.initial)
    } else {
        CursorEntry { last_value: settings.initial.clone(), unique_hashes: Vec::new() }
    };
    let in_state = |reason| format!("the state of the cursor `{}`: {reason}", settings.name);
    let stored = CursorValue::from_value(&entry.last_value).map_err(in_state)?;
    let initial = CursorValue::from_value(&settings.initial)?;
    let end = CursorValue::from_value(&settings.end)?;
    let meaning = bounds.meaning.with_ends(initial.iter().chain(&end));
    settings.check_range(meaning).map_err(|reason| format!("`incremental`: {reason}"))?;
    let start = lag::start_of(&settings, meaning, initial.as_ref(), stored.clone())?;
    tracing::debug!(resource, cursor = settings.name, ?start, ?end, "incremental");
    let plain =
        |cursor: Option<&CursorValue<'_>>| cursor.map(CursorValue::to_plain_value).unwrap_or_default();
    let range = CursorRange {
        initial: plain(initial.as_ref()),
        start: plain(start.as_ref()),
        end: plain(end.as_ref()),
    };
    let window = Window::new(&settings, meaning, start.clone(), end.clone());
    let window = window.map_err(|problem| {
        let value = start.as_ref().or(end.as_ref()).cloned().unwrap_or(CursorValue::Bool(false));
        not_comparable(&settings, &value, &problem).to_string()
    })?;
    Ok(Box::new(IncrementalProducer {
        id: CursorId { resource: resource.into(), name: settings.name.as_str().into(), is_stored },
        window,
        known: Known::new(entry.unique_hashes.into_iter().collect()),
        stored,
        last: LastValue::default(),
        range,
        has_parent: bounds.has_parent,
        room: bounds.max_rows.unwrap_or(u64::MAX),
        settings,
        inner,
        step: None,
        inner_change: StateChange::default(),
        file: None,
        route: None,
        is_done: false,
    }))
}

impl IncrementalProducer {
    fn pass(&mut self, page: Page) -> Result<Page, SourceError> {
        match page {
            Page::Json(page) => self.json(page).map(Page::Json),
            Page::Arrow(batch) => {
                let unknown = |problem| SourceError::Cursor {
                    place: "a columnar page".to_owned(),
                    problem: Box::new(problem),
                };
                self.batch(&batch).map(Page::Arrow).map_err(unknown)
            }
            Page::ParquetFile(file) => self.parquet(file),
            Page::Message(message) => Ok(Page::Message(message)),
        }
    }

    fn json(&mut self, mut page: JsonPage) -> Result<JsonPage, SourceError> {
        let had_rows = page.rows() > 0;
        let filter = RowFilter { settings: &self.settings, window: &mut self.window, known: &mut self.known };
        let filtered = filter.filter(&mut page, self.room);
        let filtered = filtered.map_err(|(row, problem)| SourceError::Cursor {
            place: place(&page, row),
            problem: Box::new(problem),
        })?;
        self.announce(had_rows, page.rows(), filtered);
        Ok(page)
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<RecordBatch, CursorError> {
        let filter =
            BatchFilter { settings: &self.settings, window: &mut self.window, known: &mut self.known };
        let (kept, filtered) = filter.filter(batch, self.room)?;
        self.announce(batch.num_rows() > 0, kept.num_rows() as u64, filtered);
        Ok(kept)
    }

    fn parquet(&mut self, file: ParquetFile) -> Result<Page, SourceError> {
        match parquet_file::decide(&file, &self.settings, &mut self.window, &mut self.known, self.room)? {
            Decision::Whole(hashes) => {
                self.announce(file.rows > 0, file.rows, Filtered { hashes, left_out: 0 });
                Ok(Page::ParquetFile(file))
            }
            Decision::Read(mut reader) => {
                let empty = RecordBatch::new_empty(reader.schema().clone());
                if let Some(next) = parquet_file::next_batch(&mut reader, &file)? {
                    return self.next_of_file(OpenFile { file, reader, next });
                }
                self.announce(false, 0, Filtered { hashes: HashChange::default(), left_out: 0 });
                Ok(Page::Arrow(empty))
            }
        }
    }

    /// The next batch of the file that is being read.
    fn next_of_file(&mut self, open: OpenFile) -> Result<Page, SourceError> {
        let OpenFile { file, mut reader, next } = open;
        let kept = self.batch(&next).map_err(|problem| parquet_file::problem(&file, problem))?;
        if let Some(next) = parquet_file::next_batch(&mut reader, &file)? {
            self.file = Some(OpenFile { file, reader, next });
        }
        Ok(Page::Arrow(kept))
    }

    /// Notes what the page does to the state, and sees whether more pages are of use.
    fn announce(&mut self, had_rows: bool, kept: u64, filtered: Filtered) {
        self.room -= kept;
        let passed_end = match self.settings.order {
            Some(RowOrder::Ascending) => self.window.end_out_of_range,
            Some(RowOrder::Descending) => self.window.start_out_of_range,
            None => false,
        };
        self.is_done = passed_end && !self.has_parent || self.room == 0;
        let Filtered { hashes, left_out } = filtered;
        let hashes = self.settings.deduplicates().then_some(hashes);
        let (cursor, last_value) = (self.id.clone(), self.moved());
        self.step =
            Some(CursorAdvance { cursor, last_value, had_rows, kept_rows: kept > 0, left_out, hashes });
    }

    /// The new last value, if the state has another one. With a lag the window starts before what is stored,
    /// and the state never goes back.
    fn moved(&mut self) -> Option<Value> {
        let last = &self.window.last.as_ref()?.value;
        let moved = match &self.stored {
            None => true,
            Some(stored) => {
                self.window
                    .meaning
                    .rank(self.settings.extreme, last, stored)
                    .is_none_or(std::cmp::Ordering::is_gt)
                    || differs_in_zone(last, stored)
            }
        };
        if !moved {
            return None;
        }
        self.stored = Some(last.clone());
        self.last.set(last.to_plain_value());
        Some(last.to_value())
    }
}

/// Whether two equal points in time are one with and one without time zone.
fn differs_in_zone(a: &CursorValue<'_>, b: &CursorValue<'_>) -> bool {
    match (a, b) {
        (CursorValue::Timestamp { nanos: a, aware: x }, CursorValue::Timestamp { nanos: b, aware: y }) => {
            a == b && x != y
        }
        _ => false,
    }
}

fn place(page: &JsonPage, row: u64) -> String {
    let mut first = 0;
    for origin in page.origins() {
        if row < first + origin.rows {
            let line = origin.first_line + row - first;
            return InputPosition { source: origin.source.clone(), line, column: None }.to_string();
        }
        first += origin.rows;
    }
    format!("row {} of a page", row + 1)
}

impl Producer for IncrementalProducer {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        let mut context = context.clone();
        self.last.set(self.range.start.clone());
        context.cursor = Some(self.range.clone());
        context.last_value = self.last.clone();
        let total = self.inner.open(&context)?;
        self.inner_change = self.inner.take_state_change();
        Ok(total)
    }

    fn take_parent_page(&mut self, page: &Page) -> Result<(), SourceError> {
        self.inner.take_parent_page(page)
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        if self.is_done {
            return Ok(None);
        }
        if let Some(file) = self.file.take() {
            return self.next_of_file(file).map(Some);
        }
        let page = self.inner.next_page()?;
        self.route = self.inner.take_route();
        self.inner_change = mem::take(&mut self.inner_change).then(self.inner.take_state_change());
        page.map(|page| self.pass(page)).transpose()
    }

    fn take_state_change(&mut self) -> StateChange {
        // The page of the inner producer counts when its last row is handed over, and never if a limit cuts it.
        let is_passed_on = self.file.is_none() && self.room > 0;
        let change = if is_passed_on { mem::take(&mut self.inner_change) } else { StateChange::default() };
        change.with_cursor(self.step.take())
    }

    fn take_route(&mut self) -> Option<Arc<Route>> {
        self.route.clone()
    }

    fn takes_row_ids(&self) -> bool {
        self.inner.takes_row_ids()
    }

    fn route_scope(&self) -> RouteScope {
        self.inner.route_scope()
    }

    fn has_checkpoints(&self) -> bool {
        self.inner.has_checkpoints()
    }

    fn close(&mut self) {
        self.inner.close();
    }

    fn most_at_once(&self) -> Option<NonZeroUsize> {
        self.inner.most_at_once()
    }

    fn inputs(&self) -> Vec<Input> {
        self.inner.inputs()
    }

    fn warnings(&self) -> Vec<String> {
        self.inner.warnings()
    }

    fn findings(&self) -> Vec<Finding> {
        self.inner.findings()
    }

    fn column_types(&self) -> Vec<(String, DataType)> {
        self.inner.column_types()
    }

    fn resume(&self) -> Resume {
        // What the inner producer remembers must not run ahead of the cursor.
        if self.settings.keeps_state() { self.settings.resume() } else { self.inner.resume() }
    }
}
