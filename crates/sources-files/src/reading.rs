//! The file that is being read: its rows, page by page.

use std::sync::Arc;

use cartage_row_readers::{DocumentReader, Lines};
use cartage_source_api::{JsonPage, Page, SourceError};

use crate::csv::{CsvColumns, CsvReader};
use crate::file_columns::FileValues;
use crate::found::Found;
use crate::input::{self, BytesRead};
use crate::parquet::Batches;

/// The file that is being read.
pub(crate) struct Current {
    pub(crate) found: Found,
    pub(crate) rows: Rows,
    pub(crate) read: BytesRead,
    /// Bytes that earlier pages account for.
    accounted: u64,
    /// Whether it gave a page yet.
    has_pages: bool,
    /// What is added to its rows.
    values: Option<FileValues>,
}

/// How its rows are found.
pub(crate) enum Rows {
    Lines(Lines<input::Input>),
    Document(DocumentReader<input::Input>),
    Csv(Box<CsvReader<input::Input>>),
    Columns(Batches),
}

impl Current {
    pub(crate) fn new(found: Found, rows: Rows, read: BytesRead, values: Option<FileValues>) -> Self {
        Self { found, rows, read, accounted: 0, has_pages: false, values }
    }

    /// How messages and the trace name it.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.found.name
    }

    /// The next page, however small; `None` at the end.
    pub(crate) fn next_page(&mut self, columns: &mut CsvColumns) -> Result<Option<Page>, SourceError> {
        let page = match &mut self.rows {
            Rows::Lines(lines) => lines.next_page()?,
            Rows::Document(document) => document.next_page()?,
            Rows::Csv(csv) => csv.next_page(columns)?,
            Rows::Columns(batches) => {
                let Some(batch) = batches.next().transpose()? else { return Ok(None) };
                let batch = match &self.values {
                    Some(values) => values.in_batch(&batch)?,
                    None => batch,
                };
                return Ok(Some(Page::Arrow(batch)));
            }
        };
        let page = match page {
            Some(page) => page,
            // A file without rows is not nothing: the resource has been there.
            None if !self.has_pages => JsonPage::default(),
            None => return Ok(None),
        };
        self.has_pages = true;
        let page = match &self.values {
            Some(values) => values.in_rows(page)?,
            None => page,
        };
        let read = self.read.get();
        let bytes = read - std::mem::replace(&mut self.accounted, read);
        Ok(Some(Page::Json(page.with_source_bytes(bytes))))
    }
}
