//! The producer that runs the program and reads it. It has no rows itself: it hands what comes to the producers of the
//! resources, which have it as their parent.

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cartage_runtime::CancelToken;
use cartage_source_api::{
    Input, InputPosition, OpenContext, PAGE_BYTES, Page, Producer, Resume, SourceError, StateChange,
};
use serde_json::{Map, Value};

use crate::batches::{Batches, Rows};
use crate::message::{Dialect, Message, Refused};
use crate::output::Output;
use crate::program::{LAST_STEPS, Program};
use crate::request::ReadRequest;
use crate::shared::{Parcel, Shared};

/// Checkpoints that come faster than this, with few rows between them, are joined.
const CHECKPOINTS_APART: Duration = Duration::from_secs(1);

/// Drivers at once. The number is of no importance; that there is one makes a cancelled run wait a moment for the
/// program to be ended.
pub(crate) const AT_ONCE: NonZeroUsize = NonZeroUsize::new(64).expect("it is not zero");

/// What a limit means for a program that remembers something.
const CUT_SHORT: &str = "a limit ended a resource before the program did, so that what the program remembers stays as it was: the \
                         next run reads these rows again, and rows that are appended are there twice then";

/// Reads one program for all of its resources.
pub(crate) struct Driver {
    dialect: Box<dyn Dialect>,
    shared: Arc<Shared>,
    /// How messages name the output.
    source: Arc<str>,
    state: Map<String, Value>,
    cancel: CancelToken,
    max_line_bytes: usize,
    running: Option<(Program, Output)>,
    line: Vec<u8>,
    lines: u64,
    rows: u64,
    bytes: u64,
    batches: Batches,
    /// Changes of the state since the last checkpoint that was handed over.
    changes: Vec<(Option<usize>, StateChange)>,
    last_checkpoint: Instant,
    /// Bytes of the output up to there.
    bytes_at_checkpoint: u64,
    ready: VecDeque<Parcel>,
    is_done: bool,
}

impl Driver {
    pub(crate) fn new(dialect: Box<dyn Dialect>, shared: Arc<Shared>, shown: &str) -> Self {
        let source: Arc<str> = format!("output of `{shown}`").into();
        Self {
            dialect,
            shared,
            batches: Batches::new(Arc::clone(&source)),
            source,
            state: Map::new(),
            cancel: CancelToken::default(),
            max_line_bytes: usize::MAX,
            running: None,
            line: Vec::new(),
            lines: 0,
            rows: 0,
            bytes: 0,
            changes: Vec::new(),
            last_checkpoint: Instant::now(),
            bytes_at_checkpoint: 0,
            ready: VecDeque::new(),
            is_done: false,
        }
    }

    /// Reads until something can be handed over, or the program has ended.
    fn read(&mut self) -> Result<(), SourceError> {
        if self.running.is_none() {
            let resources = self.shared.requested();
            let request = ReadRequest {
                resources,
                state: std::mem::take(&mut self.state),
                max_row_bytes: self.max_line_bytes,
                cancel: self.cancel.clone(),
            };
            self.running = Some(self.dialect.begin(&request)?);
        }
        while self.ready.is_empty() && !self.is_done {
            let (_, output) = self.running.as_mut().expect("it was just started");
            let has_line = output.line(&mut self.line, self.max_line_bytes);
            self.bytes = output.bytes;
            if !has_line.map_err(|error| self.cannot_read(&error))? {
                self.end()?;
                break;
            }
            self.lines += 1;
            self.take_line()?;
            if self.batches.is_due() {
                self.hand_over_rows();
            }
        }
        Ok(())
    }

    /// Takes what the line in `self.line` says.
    fn take_line(&mut self) -> Result<(), SourceError> {
        let (_, output) = self.running.as_mut().expect("it runs");
        match self.dialect.message(&self.line, output) {
            Ok(Message::Row { resource, row, route }) => {
                self.batches.push(resource, row, route, self.lines);
                self.rows += 1;
            }
            Ok(Message::Pages { resource, pages, route }) => {
                self.hand_over_rows();
                self.rows += pages.iter().map(Page::rows).sum::<u64>();
                let rows = pages.into_iter().map(|page| Rows { resource, page, route: route.clone() });
                self.ready.extend(rows.map(parcel));
            }
            Ok(Message::State { resource, change }) => self.changes.push((resource, change)),
            Ok(Message::Checkpoint(change)) => {
                self.changes.extend(change);
                self.checkpoint();
            }
            Ok(Message::Warning(text)) => self.shared.warn(text),
            Ok(Message::Nothing) => {}
            Ok(Message::End) => self.end()?,
            Err(refused) => return self.refuse(refused),
        }
        Ok(())
    }

    fn hand_over_rows(&mut self) {
        self.ready.extend(self.batches.take().map(parcel));
    }

    /// A place where packages may end. Some are passed over: each makes pages of its own.
    fn checkpoint(&mut self) {
        // Counted in bytes of the output: rows that are in pages already were handed over.
        let is_due = self.bytes - self.bytes_at_checkpoint >= PAGE_BYTES as u64 / 2
            || self.last_checkpoint.elapsed() >= CHECKPOINTS_APART;
        if is_due && self.shared.commits_before_end() {
            self.hand_over_rows();
            self.hand_over_changes();
        }
    }

    fn hand_over_changes(&mut self) {
        self.last_checkpoint = Instant::now();
        self.bytes_at_checkpoint = self.bytes;
        // What comes after a resource was closed early would cover rows that nobody took.
        let changes = std::mem::take(&mut self.changes);
        if self.shared.is_cut_short() && !changes.is_empty() {
            self.shared.warn(CUT_SHORT.to_owned());
        }
        let Some(carrier) = self.shared.carrier().filter(|_| !self.shared.is_cut_short()) else { return };
        let by_resource = changes.into_iter().map(|(resource, change)| (resource.unwrap_or(carrier), change));
        self.ready.push_back(Parcel::Checkpoint(by_resource.collect()));
    }

    /// The output is at its end, or the program says that all is told.
    fn end(&mut self) -> Result<(), SourceError> {
        let (program, _) = self.running.as_mut().expect("it runs");
        if let Err(missing) = self.dialect.end() {
            return Err(program.stopped_short(missing));
        }
        self.read_rest()?;
        let (program, _) = self.running.as_mut().expect("it runs");
        program.finish()?;
        self.is_done = true;
        self.hand_over_rows();
        self.hand_over_changes();
        self.shared.settle_types(|resource| self.dialect.column_types(resource));
        Ok(())
    }

    /// Nothing comes after the end, and the program ends soon.
    fn read_rest(&mut self) -> Result<(), SourceError> {
        let (program, output) = self.running.as_mut().expect("it runs");
        program.close_input();
        output.set_idle_timeout(Some(LAST_STEPS));
        loop {
            match output.line(&mut self.line, self.max_line_bytes) {
                Ok(false) => return Ok(()),
                Ok(true) if self.line.trim_ascii().is_empty() => {}
                Ok(true) => {
                    let text: String = String::from_utf8_lossy(&self.line).chars().take(200).collect();
                    return Err(
                        program.unusable(&format!("it writes on after it has said that all is told: {text}"))
                    );
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    let seconds = LAST_STEPS.as_secs();
                    return Err(program.unusable(&format!(
                        "it has said that all is told, and has not ended within {seconds} seconds"
                    )));
                }
                Err(error) => return Err(self.cannot_read(&error)),
            }
        }
    }

    fn refuse(&mut self, refused: Refused) -> Result<(), SourceError> {
        let (program, _) = self.running.as_mut().expect("it runs");
        match refused {
            Refused::Line(reason) => Err(SourceError::Malformed {
                place: InputPosition { source: Arc::clone(&self.source), line: self.lines, column: None },
                reason,
            }),
            Refused::Failed { resource: Some(resource), message } => {
                let error = Mutex::new(Some(program.unusable(&message)));
                self.ready.push_back(Parcel::Failed { resource, error });
                Ok(())
            }
            Refused::Failed { resource: None, message } => Err(program.unusable(&message)),
            Refused::Output(error) => Err(self.cannot_read(&error)),
        }
    }

    fn cannot_read(&mut self, error: &io::Error) -> SourceError {
        let (program, _) = self.running.as_mut().expect("it runs");
        match error.kind() {
            io::ErrorKind::FileTooLarge => {
                let limit = self.max_line_bytes;
                let line = self.lines + 1;
                program.unusable(&format!(
                    "line {line} of its output is longer than {limit} bytes; raise `max_row_bytes` in `[extract]` if \
                     it is one row"
                ))
            }
            io::ErrorKind::TimedOut => program.unusable(&format!(
                "{error}; it was stopped. Raise `idle_timeout` if it may be silent for longer"
            )),
            io::ErrorKind::UnexpectedEof => program.stopped_short("in the middle of a message"),
            _ => program.unusable(&format!("its output cannot be read: {error}")),
        }
    }
}

fn parcel(Rows { resource, page, route }: Rows) -> Parcel {
    Parcel::Rows { resource, page: Mutex::new(Some(page)), route }
}

impl Producer for Driver {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        self.state.clone_from(context.source_state());
        self.cancel = context.cancel.clone();
        self.max_line_bytes = context.max_line_bytes;
        Ok(None)
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        if self.shared.is_over() {
            self.close();
            return Ok(None);
        }
        if self.ready.is_empty() && !self.is_done {
            self.read()?;
        }
        let next = self.ready.pop_front();
        if next.is_none() {
            self.running = None;
        }
        Ok(next.map(|parcel| Page::Message(Arc::new(parcel))))
    }

    fn inputs(&self) -> Vec<Input> {
        vec![Input { name: self.source.to_string(), bytes: self.bytes, rows: self.rows }]
    }

    fn close(&mut self) {
        let asks = !self.is_done && !self.cancel.is_cancelled() && self.dialect.can_stop();
        if let Some((mut program, _output)) = self.running.take()
            && asks
        {
            program.stop();
        }
        self.is_done = true;
    }

    fn most_at_once(&self) -> Option<NonZeroUsize> {
        Some(AT_ONCE)
    }

    fn has_checkpoints(&self) -> bool {
        true
    }

    /// It has no rows, and nothing of it stands in the way of the end of a package.
    fn resume(&self) -> Resume {
        Resume::AtEachPage
    }
}
