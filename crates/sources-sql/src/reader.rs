//! [`TableReader`]: the pages of one table.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::RecordBatch;
use cartage_runtime::CancelToken;
use cartage_source_api::{Input, OpenContext, Page, Producer, SourceError};

use crate::connections::{Connections, WaitingTable};
use crate::database::Database;
use crate::error::SqlError;
use crate::reading::{Reading, Work};
use crate::statement::Selection;

/// Reads one table, view or query from its begin to its end.
pub struct TableReader {
    database: Arc<dyn Database>,
    connections: Arc<Connections>,
    /// What is read; or why the table cannot be, which is reported when it is opened.
    selection: Result<Selection, SqlError>,
    max_rows: usize,
    input: Input,
    warnings: Vec<String>,
    /// What the first page begins with.
    opened: Option<Opened>,
    reading: Option<Reading>,
}

/// A table of which nothing was read yet.
struct Opened {
    work: Work,
    table: WaitingTable,
    cancel: CancelToken,
}

impl Debug for TableReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableReader").field("input", &self.input.name).finish_non_exhaustive()
    }
}

impl TableReader {
    pub(crate) fn new(
        database: Arc<dyn Database>,
        connections: Arc<Connections>,
        selection: Result<Selection, SqlError>,
        max_rows: usize,
        name: String,
        warnings: Vec<String>,
    ) -> Self {
        let input = Input { name, bytes: 0, rows: 0 };
        Self { database, connections, selection, max_rows, input, warnings, opened: None, reading: None }
    }

    /// Two columns that become one would lose the values of one of them.
    fn check_names(selection: &Selection, context: &OpenContext) -> Result<(), SqlError> {
        let Some(table) = &context.table else { return Ok(()) };
        let mut seen: HashMap<String, &str> = HashMap::new();
        for column in &selection.of_rows {
            let name = table.column(&column.name);
            if let Some(other) = seen.insert(name.clone(), &column.name) {
                let message = format!("columns `{other}` and `{}` both become `{name}`", column.name);
                return Err(SqlError::new(message).with_remedy(
                    "leave one out with `excluded_columns`, or give one another name by `rename_columns`",
                ));
            }
        }
        Ok(())
    }

    fn opened(&self, context: &OpenContext) -> Result<Opened, SqlError> {
        let selection = self.selection.as_ref().map_err(Clone::clone)?;
        Self::check_names(selection, context)?;
        let (database, range) = (Arc::clone(&self.database), context.cursor.clone());
        let work = Work::new(database, selection.clone(), range, self.max_rows);
        Ok(Opened { work, table: self.connections.announce(), cancel: context.cancel.clone() })
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        if let Some(Opened { work, table, cancel }) = self.opened.take() {
            self.reading = Some(Reading::start(work, table, Arc::clone(&self.connections), cancel)?);
        }
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let batch = reading.next()?;
        if batch.is_none() {
            self.warnings.extend(reading.warning().map(|warning| format!("{}: {warning}", self.input.name)));
        }
        Ok(batch)
    }
}

impl Producer for TableReader {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        let opened = self.opened(context).map_err(|error| error.of_input(&self.input.name))?;
        self.opened = Some(opened);
        Ok(None)
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let batch = self.next().map_err(|error| error.of_input(&self.input.name))?;
        if let Some(batch) = &batch {
            self.input.rows += batch.num_rows() as u64;
            self.input.bytes += batch.get_array_memory_size() as u64;
        }
        Ok(batch.map(Page::Arrow))
    }

    fn close(&mut self) {
        self.opened = None;
        if let Some(reading) = &mut self.reading {
            reading.stop();
        }
    }

    fn most_at_once(&self) -> Option<NonZeroUsize> {
        Some(self.connections.max())
    }

    // As dlt's rows of tables have them.
    fn takes_row_ids(&self) -> bool {
        true
    }

    fn inputs(&self) -> Vec<Input> {
        vec![self.input.clone()]
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}
