//! What a resource may give as a page.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::RecordBatch;
use cartage_extract::document::{DocumentReader, Selector};
use cartage_extract::{JsonPage, Page, SourceError};
use serde::Serialize;

/// Longest row in JSON text. It is in memory already, so that this only guards against files that are no rows.
const MAX_ROW_BYTES: usize = 1 << 30;

/// Rows that a resource gives at once.
pub trait IntoPages: Send {
    /// How many rows there are, as far as it is known without looking into them.
    fn row_count(&self) -> u64;

    /// Appends the rows as pages. `resource` names them in messages.
    ///
    /// # Errors
    /// If a row cannot be expressed in JSON, or text is no JSON.
    fn into_pages(self, resource: &Arc<str>, pages: &mut VecDeque<Page>) -> Result<(), SourceError>;
}

/// Rows that serialize. A value that is no object becomes a row with the column `value`.
impl<T: Serialize + Send> IntoPages for Vec<T> {
    fn row_count(&self) -> u64 {
        self.len() as u64
    }

    fn into_pages(self, _resource: &Arc<str>, pages: &mut VecDeque<Page>) -> Result<(), SourceError> {
        pages.push_back(Page::Json(JsonPage::from_rows(self)?));
        Ok(())
    }
}

/// Columns stay columns.
impl IntoPages for RecordBatch {
    fn row_count(&self) -> u64 {
        self.num_rows() as u64
    }

    fn into_pages(self, _resource: &Arc<str>, pages: &mut VecDeque<Page>) -> Result<(), SourceError> {
        pages.push_back(Page::Arrow(self));
        Ok(())
    }
}

/// JSON as text: one row, an array of rows, or several of either one after the other. The rows keep their bytes
/// and are parsed by normalize only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonText(pub Vec<u8>);

impl From<String> for JsonText {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&str> for JsonText {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl IntoPages for JsonText {
    fn row_count(&self) -> u64 {
        0
    }

    fn into_pages(self, resource: &Arc<str>, pages: &mut VecDeque<Page>) -> Result<(), SourceError> {
        let mut reader = DocumentReader::new(self.0.as_slice(), resource, Selector::default(), MAX_ROW_BYTES);
        while let Some(page) = reader.next_page()? {
            pages.push_back(Page::Json(page));
        }
        Ok(())
    }
}
