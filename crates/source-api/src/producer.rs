//! What a resource's pages come from.

use std::num::NonZeroUsize;
use std::sync::Arc;

use cartage_runtime::CancelToken;
use cartage_schema::DataType;
use serde_json::{Map, Value};

use crate::last_value::LastValue;
use crate::route::{Route, RouteScope};
use crate::state_change::StateChange;
use crate::target_table::TargetTable;
use crate::{Page, SourceError};

/// Makes the pages of one resource.
///
/// The stage calls it from worker threads, one call at a time, and ahead of need by a few pages at most:
/// a producer that is slow does not hold up the others, and one that is fast does not fill memory.
/// The order of pages of a resource is kept.
///
/// # State
/// What the resource and its source remember is read from the [`OpenContext`], as of the start of the run. It
/// is changed by [`take_state_change`](Producer::take_state_change), page by page. The change is made when the
/// page is written, not when it is read ahead, and becomes real when the package with the page is loaded: so
/// state and rows can never be apart. [`resume`](Producer::resume) says how far this lets a later run go on.
pub trait Producer: Send {
    /// Called once, before the first page, only if the resource takes part in the run. Tells how many
    /// bytes of input there are, where that is known.
    ///
    /// # Errors
    /// [`SourceError`] if the input is not there or cannot be used.
    fn open(&mut self, _context: &OpenContext) -> Result<Option<u64>, SourceError> {
        Ok(None)
    }

    /// Hands over a page of the resource's parent, as far as its rows passed the parent's cursor. What
    /// [`Producer::next_page`] gives from then on belongs to it, until that says `None`; then the next page of
    /// the parent may come. Never called for resources without a parent.
    ///
    /// # Errors
    /// [`SourceError`], which ends the stage.
    fn take_parent_page(&mut self, _page: &Page) -> Result<(), SourceError> {
        Err(SourceError::Config("this kind of resource takes nothing from a parent".to_owned()))
    }

    /// The next page, `None` when there are no more. Not called again after that or after an error; with a
    /// parent, not before its next page came.
    ///
    /// # Errors
    /// [`SourceError`], which ends the stage.
    fn next_page(&mut self) -> Result<Option<Page>, SourceError>;

    /// The inputs that were read so far, for the report and the trace.
    fn inputs(&self) -> Vec<Input> {
        Vec::new()
    }

    /// What the user should know although nothing failed, such as a pattern that matches no file.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// How it reads its input, for people who check a source: asked after the first page.
    fn findings(&self) -> Vec<Finding> {
        Vec::new()
    }

    /// Types that columns must have so that no value changes, by the key that rows have them under: what a producer
    /// of texts knows only when it has seen all of them. Asked at the end of the resource. A column whose type is
    /// decided already keeps it.
    fn column_types(&self) -> Vec<(String, DataType)> {
        Vec::new()
    }

    /// What the page that was just returned changes in the state; asked once after each page, also after
    /// `None` (what the end of the resource changes, such as a position that is of no more use) and after
    /// [`open`](Producer::open). A limit that stops the resource early throws pages away that were read ahead,
    /// and their changes with them.
    fn take_state_change(&mut self) -> StateChange {
        StateChange::default()
    }

    /// Where the page that was just returned goes; asked once after each page. `None` is the table of the
    /// resource.
    fn take_route(&mut self) -> Option<Arc<Route>> {
        None
    }

    /// Whether rows in columns get a load id and an id of their own, as rows of JSON do. Asked before `open`.
    fn takes_row_ids(&self) -> bool {
        false
    }

    /// How far the pages may go. Asked before `open`.
    fn route_scope(&self) -> RouteScope {
        RouteScope::OwnTable
    }

    /// Told when no more pages are taken: it has ended, has failed, or a limit is reached. Whatever others may need, such as
    /// connections, should be given back; what was read is still asked for.
    fn close(&mut self) {}

    /// How many producers of its kind in this run may be worked on at once; those behind wait until one before them has
    /// ended. `None` where the number does not matter. Asked before the first page.
    fn most_at_once(&self) -> Option<NonZeroUsize> {
        None
    }

    /// From where a later run can go on with the state that this one leaves. Asked before `open`.
    fn resume(&self) -> Resume {
        Resume::Never
    }

    /// Whether a later run can go on after some pages only, those with a [checkpoint](StateChange::at_checkpoint), and
    /// not after each. What [`resume`](Producer::resume) says of pages holds for checkpoints then. Where the producer
    /// works for several resources, a checkpoint speaks for all of them that have the same parent. Asked before `open`.
    fn has_checkpoints(&self) -> bool {
        false
    }

    /// Whether what it remembers is only of use until it has come to its end, so that a later run begins at the
    /// beginning. An append of it that has ended is then not repeated after a crash. Asked before `open`.
    fn starts_over(&self) -> bool {
        false
    }
}

/// From where a later run can go on. It decides whether rows are published before the resource has ended, and
/// whether an append can be repeated after a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resume {
    /// It begins at the beginning, and all rows come again.
    #[default]
    Never,
    /// Behind the last row, if the resource came to its end. The state of earlier pages cannot be used: with a
    /// cursor over rows in no order, it would pass over rows that were not read.
    AtEnd,
    /// Behind each page, but some rows before may come again, as with a cursor that lags.
    NearEachPage,
    /// Behind each page: no row is lost, none comes again.
    AtEachPage,
}

/// The range of the cursor in this run; null where there is no such end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CursorRange {
    /// Where the first run of all starts.
    pub initial: Value,
    /// Where this run starts: what the state has, less the lag.
    pub start: Value,
    /// Where this run ends.
    pub end: Value,
}

/// What a producer is told when it is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenContext {
    /// Longest row that is accepted, in bytes of JSON text.
    pub max_line_bytes: usize,
    /// Threads that a producer which works on several things at once should keep to.
    pub workers: usize,
    /// Pages or items of a parent that may be worked on at once.
    pub max_parallel_items: usize,
    /// A page with less text than this is better joined with the next one, where that is easy: handing over a
    /// page costs more than reading a small file. Zero where it counts how much a page brings: for packages of a given
    /// size, and where the number of rows is limited.
    pub small_page_bytes: usize,
    /// Whether the run was cancelled; long waits should look at it.
    pub cancel: CancelToken,
    /// Name of the resource.
    pub resource: String,
    /// The table of the resource, where the producer is opened to fill it.
    pub table: Option<Arc<TargetTable>>,
    /// The range of the resource's cursor, for producers that ask only for what is new.
    pub cursor: Option<CursorRange>,
    /// Whether the resource runs only because others work on its rows. Its state stays as it is then, and
    /// the others do not need a position in it.
    pub is_hidden: bool,
    /// The last value of the cursor, as it moves with the pages.
    pub last_value: LastValue,
    /// Whether what pages change in the state may be committed before the resource has ended. Where it may not, a
    /// producer that changes the state for several resources keeps the changes for its end.
    pub commits_before_end: bool,
    source_state: Arc<Map<String, Value>>,
}

impl OpenContext {
    /// Accepts rows of up to `max_line_bytes` bytes. Nothing is remembered.
    pub fn new(max_line_bytes: usize, cancel: CancelToken) -> Self {
        Self {
            max_line_bytes,
            workers: 1,
            max_parallel_items: 1,
            small_page_bytes: 0,
            cancel,
            resource: String::new(),
            table: None,
            cursor: None,
            is_hidden: false,
            last_value: LastValue::default(),
            commits_before_end: false,
            source_state: Arc::default(),
        }
    }

    /// The same for a resource of a source that remembers something.
    #[must_use]
    pub fn with_state(self, resource: &str, source_state: Arc<Map<String, Value>>) -> Self {
        Self { resource: resource.to_owned(), source_state, ..self }
    }

    /// What the resource remembers.
    pub fn resource_state(&self) -> Option<&Map<String, Value>> {
        self.state_of(&self.resource)
    }

    /// What a resource of the source remembers.
    pub fn state_of(&self, resource: &str) -> Option<&Map<String, Value>> {
        self.source_state.get("resources")?.get(resource)?.as_object()
    }

    /// What the source remembers.
    pub fn source_state(&self) -> &Map<String, Value> {
        &self.source_state
    }
}

/// An input of a resource: a file, a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// As messages name it.
    pub name: String,
    /// Bytes read of it, before decompression.
    pub bytes: u64,
    /// Rows it gave.
    pub rows: u64,
}

/// Something about how a resource is read, such as where an answer has its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about, in one or two words.
    pub name: &'static str,
    /// As people read it.
    pub value: String,
    /// Whether the producer found it out because nobody had said it.
    pub is_found: bool,
}

/// Makes a producer of any iterator of pages.
#[derive(Debug)]
pub struct Pages<I>(pub I);

impl<I> Producer for Pages<I>
where
    I: Iterator<Item = Result<Page, SourceError>> + Send,
{
    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        self.0.next().transpose()
    }
}
