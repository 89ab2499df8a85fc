//! A producer whose rows pass a cursor.

use arrow::array::RecordBatch;
use cartage_state::PipelineState;
use crossbeam_channel::{Sender, unbounded};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use serde_json::Value;

use super::columns_page::BatchFilter;
use super::error::CursorError;
use super::lag;
use super::parquet_file::{self, Decision};
use super::position::{self, CursorEntry, Position, Step};
use super::rows::{HashChange, Known, RowFilter};
use super::settings::{CursorSettings, RowOrder};
use super::value::CursorValue;
use super::window::Window;
use crate::error::{Place, SourceError};
use crate::page::{JsonPage, Page, ParquetFile};
use crate::producer::{Input, OpenContext, Producer};

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
    steps: Sender<Step>,
    file: Option<(ParquetFile, ParquetRecordBatchReader)>,
    is_done: bool,
}

/// Gives a producer its cursor, whose range starts where the state says. The entry of the state is made where
/// there is none.
pub(crate) fn bind(
    inner: Box<dyn Producer>,
    settings: CursorSettings,
    resource: &str,
    source: &str,
    state: &mut PipelineState,
    max_rows: Option<u64>,
) -> Result<(Box<dyn Producer>, Position), String> {
    let is_stored = settings.keeps_state();
    let entry = if is_stored {
        position::read_or_make(state, source, resource, &settings.name, &settings.initial)
    } else {
        CursorEntry { last_value: settings.initial.clone(), unique_hashes: Vec::new() }
    };
    let in_state = |reason| format!("the state of the cursor `{}`: {reason}", settings.name);
    let stored = CursorValue::from_value(&entry.last_value).map_err(in_state)?;
    let initial = CursorValue::from_value(&settings.initial)?;
    let start = lag::start_of(&settings, initial.as_ref(), stored.clone())?;
    let end = CursorValue::from_value(&settings.end)?;
    tracing::debug!(resource, cursor = settings.name, ?start, ?end, "incremental");
    let (steps, received) = unbounded();
    let position = Position::new(resource, &settings.name, &entry, is_stored, received);
    let producer = IncrementalProducer {
        window: Window::new(&settings, start, end),
        known: Known::new(entry.unique_hashes.into_iter().collect()),
        stored,
        room: max_rows.unwrap_or(u64::MAX),
        settings,
        inner,
        steps,
        file: None,
        is_done: false,
    };
    Ok((Box::new(producer), position))
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
        }
    }

    fn json(&mut self, mut page: JsonPage) -> Result<JsonPage, SourceError> {
        let had_rows = page.rows() > 0;
        let filter = RowFilter { settings: &self.settings, window: &mut self.window, known: &mut self.known };
        let change = filter.filter(&mut page, self.room);
        let change = change.map_err(|(row, problem)| SourceError::Cursor {
            place: place(&page, row),
            problem: Box::new(problem),
        })?;
        self.announce(had_rows, page.rows(), change);
        Ok(page)
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<RecordBatch, CursorError> {
        let filter =
            BatchFilter { settings: &self.settings, window: &mut self.window, known: &mut self.known };
        let (kept, change) = filter.filter(batch, self.room)?;
        self.announce(batch.num_rows() > 0, kept.num_rows() as u64, change);
        Ok(kept)
    }

    fn parquet(&mut self, file: ParquetFile) -> Result<Page, SourceError> {
        match parquet_file::decide(&file, &self.settings, &mut self.window, &mut self.known, self.room)? {
            Decision::Whole(change) => {
                self.announce(file.rows > 0, file.rows, change);
                Ok(Page::ParquetFile(file))
            }
            Decision::Read(reader) => {
                let empty = RecordBatch::new_empty(arrow::array::RecordBatchReader::schema(&reader));
                self.file = Some((file, reader));
                if let Some(page) = self.next_of_file()? {
                    return Ok(page);
                }
                self.announce(false, 0, HashChange::default());
                Ok(Page::Arrow(empty))
            }
        }
    }

    /// The next batch of the file that is being read.
    fn next_of_file(&mut self) -> Result<Option<Page>, SourceError> {
        let Some((file, mut reader)) = self.file.take() else { return Ok(None) };
        let Some(batch) = parquet_file::next_batch(&mut reader, &file)? else { return Ok(None) };
        let kept = self.batch(&batch).map_err(|problem| parquet_file::problem(&file, problem))?;
        self.file = Some((file, reader));
        Ok(Some(Page::Arrow(kept)))
    }

    /// Tells the stage what the page does to the state, and sees whether more pages are of use.
    fn announce(&mut self, had_rows: bool, kept: u64, change: HashChange) {
        self.room -= kept;
        let passed_end = match self.settings.order {
            Some(RowOrder::Ascending) => self.window.end_out_of_range,
            Some(RowOrder::Descending) => self.window.start_out_of_range,
            None => false,
        };
        self.is_done = passed_end || self.room == 0;
        let hashes = self.settings.deduplicates().then_some(change);
        let step = Step { last_value: self.moved(), had_rows, kept_rows: kept > 0, hashes };
        // The stage is gone where it has failed.
        drop(self.steps.send(step));
    }

    /// The new last value, if the state has another one. With a lag the window starts behind what is stored,
    /// and the state never goes back.
    fn moved(&mut self) -> Option<Value> {
        let last = self.window.last.as_ref()?;
        let moved = match &self.stored {
            None => true,
            Some(stored) => {
                self.settings.extreme.rank(last, stored).is_none_or(std::cmp::Ordering::is_gt)
                    || differs_in_zone(last, stored)
            }
        };
        if !moved {
            return None;
        }
        self.stored = Some(last.clone());
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
            return Place { source: origin.source.clone(), line, column: None }.to_string();
        }
        first += origin.rows;
    }
    format!("row {} of a page", row + 1)
}

impl Producer for IncrementalProducer {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        self.inner.open(context)
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        if self.is_done {
            return Ok(None);
        }
        if let Some(page) = self.next_of_file()? {
            return Ok(Some(page));
        }
        match self.inner.next_page()? {
            Some(page) => self.pass(page).map(Some),
            None => Ok(None),
        }
    }

    fn inputs(&self) -> Vec<Input> {
        self.inner.inputs()
    }

    fn warnings(&self) -> Vec<String> {
        self.inner.warnings()
    }

    fn is_resumable(&self) -> bool {
        self.settings.keeps_state() || self.inner.is_resumable()
    }
}
