//! The threads that read a table while others work on what was read.
//!
//! One thread divides the table and reads its parts one by one. As long as parts are left and the source has
//! connections to spare, more threads help it. All hand their batches over through one channel that holds one, so memory
//! does not grow. The first error stops them all, and so does a reader that takes no more rows.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use cartage_runtime::threads::{NoThread, start};
use cartage_runtime::{CancelToken, contain};
use cartage_source_api::CursorRange;

use crate::batches::{RowSink, Sent, Stop};
use crate::connections::{Connections, Permit, WaitingTable};
use crate::database::{Database, Session};
use crate::error::SqlError;
use crate::partitioning::{Division, divide};
use crate::statement::Selection;

/// How often a wait checks whether the run was cancelled.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// How long threads that are to end are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is read, and how far.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) database: Arc<dyn Database>,
    pub(crate) selection: Selection,
    pub(crate) range: Option<CursorRange>,
    pub(crate) max_rows: usize,
    is_wanted: Arc<AtomicBool>,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    /// Conditions of the parts that were not begun.
    left: VecDeque<String>,
    /// Whether a thread that helps must see what the first one sees.
    snapshot: Option<String>,
    /// Whether a helper could not help, so that no more are started.
    is_alone: bool,
    warning: Option<String>,
}

/// A table that is being read.
#[derive(Debug)]
pub(crate) struct Reading {
    work: Arc<Work>,
    connections: Arc<Connections>,
    cancel: CancelToken,
    /// `None` when no more rows are taken.
    channel: Option<(SyncSender<Sent>, Receiver<Sent>)>,
    /// Threads that have not ended.
    threads: usize,
}

impl Work {
    pub(crate) fn new(
        database: Arc<dyn Database>,
        selection: Selection,
        range: Option<CursorRange>,
        max_rows: usize,
    ) -> Self {
        let is_wanted = Arc::new(AtomicBool::new(true));
        Self { database, selection, range, max_rows, is_wanted, progress: Mutex::default() }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn statement(&self, part: Option<&str>) -> String {
        self.selection.statement(&*self.database, self.range.as_ref(), part)
    }

    /// Divides the table and reads it, or as much of it as helpers leave.
    fn lead(&self, sink: &RowSink) -> Result<(), Stop> {
        let mut session = self.database.connect()?;
        let division = divide(&*self.database, &self.selection, self.range.as_ref(), &mut *session)?;
        let Division { conditions, snapshot, warning } = division;
        let is_whole = conditions.is_empty();
        *self.progress() = Progress { left: conditions.into(), snapshot, is_alone: false, warning };
        if is_whole { session.read(&self.statement(None), sink) } else { self.read_parts(session, sink) }
    }

    /// Reads parts beside the first thread.
    fn help(&self, sink: &RowSink) -> Result<(), Stop> {
        let snapshot = self.progress().snapshot.clone();
        let joined = self.database.connect().and_then(|mut session| {
            if let (Some(snapshot), Some(session)) = (&snapshot, session.snapshots()) {
                session.import(snapshot)?;
            }
            Ok(session)
        });
        match joined {
            Ok(session) => self.read_parts(session, sink),
            // The first thread reads on alone, or has read all.
            Err(error) => {
                tracing::debug!(%error, "a table is read by fewer connections");
                self.progress().is_alone = true;
                Ok(())
            }
        }
    }

    fn read_parts(&self, session: Box<dyn Session>, sink: &RowSink) -> Result<(), Stop> {
        let mut session = Some(session);
        while let Some(part) = self.next_part() {
            let sql = self.statement(Some(&part));
            match session.as_mut().and_then(|session| session.snapshots()) {
                Some(session) => session.read(&sql, sink)?,
                None => match session.take() {
                    Some(session) => session.read(&sql, sink)?,
                    None => self.database.connect()?.read(&sql, sink)?,
                },
            }
        }
        Ok(())
    }

    fn next_part(&self) -> Option<String> {
        let mut progress = self.progress();
        if self.is_wanted.load(Ordering::Acquire) { progress.left.pop_front() } else { None }
    }
}

impl Reading {
    /// Starts to read.
    pub(crate) fn start(
        work: Work,
        table: WaitingTable,
        connections: Arc<Connections>,
        cancel: CancelToken,
    ) -> Result<Self, SqlError> {
        let channel = Some(sync_channel(1));
        let mut reading = Self { work: Arc::new(work), connections, cancel, channel, threads: 0 };
        reading
            .thread(move || table.first(), Work::lead)
            .map_err(|cause| SqlError::new(cause.to_string()).with_remedy(NoThread::REMEDY))?;
        Ok(reading)
    }

    /// The next batch; `None` when there are no more rows.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        loop {
            self.start_helpers();
            let Some((_, receiver)) = &self.channel else { return Ok(None) };
            match receiver.recv_timeout(CANCEL_POLL) {
                Ok(Sent::Batch(batch)) => return Ok(Some(batch)),
                Ok(Sent::Ended(Ok(()))) => {
                    self.threads -= 1;
                    if self.threads == 0 {
                        self.channel = None;
                    }
                }
                Ok(Sent::Ended(Err(error))) => {
                    self.threads -= 1;
                    self.stop();
                    return Err(error);
                }
                Err(RecvTimeoutError::Timeout) if !self.cancel.is_cancelled() => {}
                Err(_) => {
                    self.stop();
                    return Err(SqlError::new("the run was cancelled"));
                }
            }
        }
    }

    /// Why it is read in one go although the settings want parts.
    pub(crate) fn warning(&self) -> Option<String> {
        self.work.progress().warning.clone()
    }

    /// Takes no more rows: threads and connections end soon.
    pub(crate) fn stop(&mut self) {
        self.work.is_wanted.store(false, Ordering::Release);
        self.work.progress().left.clear();
        let channel = self.channel.take();
        if self.cancel.is_cancelled() {
            wait_for_threads(channel);
        }
    }
    /// Starts as many threads as parts are left and connections to spare.
    fn start_helpers(&mut self) {
        let is_of_use = |progress: &Progress| !progress.left.is_empty() && !progress.is_alone;
        while is_of_use(&self.work.progress())
            && let Some(permit) = self.connections.spare()
        {
            if let Err(cause) = self.thread(move || permit, Work::help) {
                tracing::debug!(%cause, "a table is read by fewer threads");
                self.work.progress().is_alone = true;
            }
        }
    }

    fn thread(
        &mut self,
        permit: impl FnOnce() -> Permit + Send + 'static,
        read: fn(&Work, &RowSink) -> Result<(), Stop>,
    ) -> Result<(), NoThread> {
        let Some((sender, _)) = &self.channel else { return Ok(()) };
        let (work, sender) = (Arc::clone(&self.work), sender.clone());
        start("sql-reader", move || {
            let permit = permit();
            let is_wanted = Arc::clone(&work.is_wanted);
            let sink = RowSink::new(work.selection.of_rows.clone(), work.max_rows, sender.clone(), is_wanted);
            let ended = contain(|| read(&work, &sink)).unwrap_or_else(|panic| {
                Err(SqlError::new(format!("the thread that reads the table panicked: {panic}")).into())
            });
            drop(permit);
            let ended = match ended {
                Err(Stop::Failed(error)) => Err(error),
                Ok(()) | Err(Stop::NotWanted) => Ok(()),
            };
            // If nothing takes it, the run has ended already.
            let _ = sender.send(Sent::Ended(ended));
        })?;
        self.threads += 1;
        Ok(())
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let channel = self.channel.take();
        self.stop();
        wait_for_threads(channel);
    }
}

/// Gives the threads time to tell the server, which would otherwise keep working for no one.
fn wait_for_threads(channel: Option<(SyncSender<Sent>, Receiver<Sent>)>) {
    let Some((sender, receiver)) = channel else { return };
    drop(sender);
    let until = Instant::now() + PATIENCE;
    while let Some(left) = until.checked_duration_since(Instant::now())
        && receiver.recv_timeout(left).is_ok()
    {}
}
