//! Batches of rows, handed to the thread that takes them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};

use crate::error::SqlError;
use crate::kind::Kind;
use crate::reflected::ReflectedColumn;

/// What the name of the type of JSON texts is stored under in a field.
const EXTENSION: &str = "ARROW:extension:name";

/// Where the rows of a table go.
#[derive(Debug)]
pub(crate) struct RowSink {
    columns: Vec<ReflectedColumn>,
    sender: SyncSender<Sent>,
    max_rows: usize,
    is_wanted: Arc<AtomicBool>,
}

/// What a thread that reads hands over.
#[derive(Debug)]
pub(crate) enum Sent {
    Batch(RecordBatch),
    /// The thread has ended.
    Ended(Result<(), SqlError>),
}

/// Why no more rows are wanted.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The table cannot be read on.
    Failed(SqlError),
    /// Nothing takes them: the run ended early.
    NotWanted,
}

impl From<SqlError> for Stop {
    fn from(error: SqlError) -> Self {
        Self::Failed(error)
    }
}

impl RowSink {
    pub(crate) fn new(
        columns: Vec<ReflectedColumn>,
        max_rows: usize,
        sender: SyncSender<Sent>,
        is_wanted: Arc<AtomicBool>,
    ) -> Self {
        Self { columns, sender, max_rows, is_wanted }
    }

    /// Whether rows are still taken. Whatever waits for the database should check it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Acquire)
    }

    /// The same, for who looks from elsewhere.
    #[cfg(feature = "sqlite")]
    pub(crate) fn wanted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_wanted)
    }

    pub(crate) fn columns(&self) -> &[ReflectedColumn] {
        &self.columns
    }

    /// Most rows of a batch.
    pub(crate) fn max_rows(&self) -> usize {
        self.max_rows
    }

    /// What batches look like.
    pub(crate) fn schema(&self) -> SchemaRef {
        let field = |column: &ReflectedColumn| {
            let field = Field::new(&column.name, column.kind.arrow(), column.nullable);
            let json = HashMap::from([(EXTENSION.to_owned(), "arrow.json".to_owned())]);
            if column.kind == Kind::Json { field.with_metadata(json) } else { field }
        };
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// Hands a batch over.
    pub(crate) fn send(&self, batch: RecordBatch) -> Result<(), Stop> {
        if !self.is_wanted() {
            return Err(Stop::NotWanted);
        }
        self.sender.send(Sent::Batch(batch)).map_err(|_| Stop::NotWanted)
    }
}

/// Columns as a batch.
pub(crate) fn batch_of(schema: &SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch, SqlError> {
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| {
        SqlError::new(error.to_string()).with_remedy(
            "the database declares a column NOT NULL, but it holds NULLs: set `nullable = true` for it",
        )
    })
}
