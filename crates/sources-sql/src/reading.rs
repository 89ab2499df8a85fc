//! The thread that reads a table while others work on what was read.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use cartage_runtime::threads::{NoThread, start};

use crate::batches::{RowSink, Stop};
use crate::database::Session;
use crate::error::SqlError;
use crate::reflected::ReflectedColumn;

/// A statement that is being read. At most one batch waits, so memory does not grow.
#[derive(Debug)]
pub(crate) struct Reading {
    receiver: Receiver<Result<RecordBatch, SqlError>>,
    thread: Option<JoinHandle<()>>,
}

impl Reading {
    /// Starts to read.
    pub(crate) fn start(
        session: Box<dyn Session>,
        sql: String,
        columns: Vec<ReflectedColumn>,
        max_rows: usize,
    ) -> Result<Self, SqlError> {
        let (sender, receiver) = sync_channel(1);
        let sink = RowSink::new(columns, max_rows, sender.clone());
        let read = move || {
            if let Err(Stop::Failed(error)) = session.read(&sql, &sink) {
                // If nothing takes it, the run has ended with another error.
                let _ = sender.send(Err(error));
            }
        };
        let thread = start("sql-reader", read)
            .map_err(|cause| SqlError::new(cause.to_string()).with_remedy(NoThread::REMEDY))?;
        Ok(Self { receiver, thread: Some(thread) })
    }

    /// The next batch; `None` when the statement has no more rows.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        if let Ok(received) = self.receiver.recv() {
            return received.map(Some);
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(_)) => Err(SqlError::new("the thread that reads the table panicked")),
            _ => Ok(None),
        }
    }
}
