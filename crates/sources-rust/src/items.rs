//! The rows of a page of the parent, as a transformer takes them.

use arrow::array::RecordBatch;
use cartage_source_api::Page;
use serde::de::DeserializeOwned;

use crate::error::BoxError;
use crate::page::JsonText;

/// What a transformer can take as a page of its parent.
pub trait FromPage: Send + Sized {
    /// Reads the page.
    ///
    /// # Errors
    /// If the page is of another kind, or its rows are of another type.
    fn from_page(page: &Page) -> Result<Self, BoxError>;
}

/// Rows that deserialize; those of columns, too.
impl<T: DeserializeOwned + Send> FromPage for Vec<T> {
    fn from_page(page: &Page) -> Result<Self, BoxError> {
        rows_of(page)
    }
}

/// The rows as JSON text, one a line.
impl FromPage for JsonText {
    fn from_page(page: &Page) -> Result<Self, BoxError> {
        match page {
            Page::Json(page) => Ok(Self(page.text().to_vec())),
            page => Ok(Self(page.to_json()?.text().to_vec())),
        }
    }
}

/// Columns, where the parent gives columns.
impl FromPage for RecordBatch {
    fn from_page(page: &Page) -> Result<Self, BoxError> {
        match page {
            Page::Arrow(batch) => Ok(batch.clone()),
            _ => Err("the parent yields rows, not Arrow batches: take a list of rows".into()),
        }
    }
}

/// The rows of a page.
pub(crate) fn rows_of<T: DeserializeOwned>(page: &Page) -> Result<Vec<T>, BoxError> {
    match page {
        Page::Json(page) => parse(page.text()),
        page => parse(page.to_json()?.text()),
    }
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<Vec<T>, BoxError> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let parsed = lines.enumerate().map(|(row, line)| {
        serde_json::from_slice(line).map_err(|error| -> BoxError {
            format!("row {} of a page of the parent is not what the function takes: {error}", row + 1).into()
        })
    });
    parsed.collect()
}
