//! [`TableReader`]: the pages of one table.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::Arc;

use cartage_source_api::{Input, OpenContext, Page, Producer, SourceError};

use crate::database::Database;
use crate::error::SqlError;
use crate::reading::Reading;
use crate::statement::Selection;

/// Reads one table, view or query from its begin to its end.
pub struct TableReader {
    database: Arc<dyn Database>,
    /// What is read; or why the table cannot be, which is told when it is opened.
    selection: Result<Selection, SqlError>,
    max_rows: usize,
    input: Input,
    warnings: Vec<String>,
    reading: Option<Reading>,
}

impl Debug for TableReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableReader").field("input", &self.input.name).finish_non_exhaustive()
    }
}

impl TableReader {
    pub(crate) fn new(
        database: Arc<dyn Database>,
        selection: Result<Selection, SqlError>,
        max_rows: usize,
        name: String,
        warnings: Vec<String>,
    ) -> Self {
        let input = Input { name, bytes: 0, rows: 0 };
        Self { database, selection, max_rows, input, warnings, reading: None }
    }

    /// Two columns that become one would lose the values of one of them.
    fn check_names(selection: &Selection, context: &OpenContext) -> Result<(), SqlError> {
        let Some(table) = &context.table else { return Ok(()) };
        let mut seen: HashMap<String, &str> = HashMap::new();
        for column in &selection.columns {
            let name = table.column(&column.name);
            if let Some(other) = seen.insert(name.clone(), &column.name) {
                let message = format!("columns `{other}` and `{}` both become `{name}`", column.name);
                return Err(SqlError::new(message).with_remedy(
                    "leave one out by `excluded_columns`, or rename one in a `query`: select .. as ..",
                ));
            }
        }
        Ok(())
    }

    fn start(&self, context: &OpenContext) -> Result<Reading, SqlError> {
        let selection = self.selection.as_ref().map_err(Clone::clone)?;
        Self::check_names(selection, context)?;
        let statement = selection.statement(&*self.database, context.cursor.as_ref());
        Reading::start(self.database.connect()?, statement, selection.columns.clone(), self.max_rows)
    }
}

impl Producer for TableReader {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        let reading = self.start(context).map_err(|error| error.of_input(&self.input.name))?;
        self.reading = Some(reading);
        Ok(None)
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let batch = reading.next().map_err(|error| error.of_input(&self.input.name))?;
        if let Some(batch) = &batch {
            self.input.rows += batch.num_rows() as u64;
            self.input.bytes += batch.get_array_memory_size() as u64;
        }
        Ok(batch.map(Page::Arrow))
    }

    fn inputs(&self) -> Vec<Input> {
        vec![self.input.clone()]
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}
