//! Pages: what producers hand over, always many rows at once.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{RecordBatch, StructArray};
use memchr::{memchr_iter, memrchr};
use serde::Serialize;

use crate::SourceError;
use crate::columnar_json::columnar_value;
use crate::parquet_file::ParquetFile;

/// Bytes of rows that a page of a file aims at: large enough that costs per page vanish, small enough
/// that round robin interleaves resources and a few pages in flight take little memory.
pub const PAGE_BYTES: usize = 1 << 20;

/// A portion of the items of a resource.
#[derive(Debug)]
pub enum Page {
    /// Rows as JSON text.
    Json(JsonPage),
    /// Rows that are columnar already; they stay so.
    Arrow(RecordBatch),
    /// A whole Parquet file, which becomes a file of the package without being read again.
    ParquetFile(ParquetFile),
    /// No rows. It carries a change of the state or, from a resource to those that have it as their parent, something
    /// that only they understand. It counts for no limit.
    Message(Arc<dyn Any + Send + Sync>),
}

/// Rows of JSON text, one a line. Whether each line is JSON is for normalize to say, which parses it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonPage {
    text: Vec<u8>,
    rows: u64,
    origins: Vec<PageOrigin>,
    rejected: Vec<RejectedRow>,
    source_bytes: u64,
}

/// Rows of a page that stand on successive lines of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOrigin {
    /// The input as messages name it.
    pub source: Arc<str>,
    /// Line of the first of these rows, from 1.
    pub first_line: u64,
    /// How many rows these are.
    pub rows: u64,
}

/// Something in an input that cannot be made a row, kept because the user asked for quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// The input as messages name it.
    pub source: Arc<str>,
    /// Line on which it begins, from 1.
    pub line: u64,
    /// What stands there.
    pub text: String,
    /// Why it is not a row.
    pub reason: String,
}

impl JsonPage {
    /// Rows of values or of anything that serializes, one line each.
    ///
    /// # Errors
    /// [`SourceError::Other`] if a row cannot be expressed in JSON.
    pub fn from_rows<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Self, SourceError> {
        let mut page = Self::default();
        for row in rows {
            serde_json::to_writer(&mut page.text, &row).map_err(|error| SourceError::Other(error.into()))?;
            page.text.push(b'\n');
            page.rows += 1;
        }
        Ok(page)
    }

    /// Takes text whose every line is a row that stands on successive lines of `source`.
    pub fn from_clean_lines(text: Vec<u8>, rows: u64, source: &Arc<str>, first_line: u64) -> Self {
        let mut page = Self { text, rows, ..Self::default() };
        if rows > 0 {
            page.origins.push(PageOrigin { source: Arc::clone(source), first_line, rows });
        }
        page
    }

    /// Appends one row, which stands on `line` of `source` and holds no line feed.
    #[inline]
    pub fn push_row(&mut self, source: &Arc<str>, line: u64, row: &[u8]) {
        debug_assert!(!row.contains(&b'\n'), "a row is one line");
        self.text.extend_from_slice(row);
        self.end_row(source, line);
    }

    /// Ends the row that a caller appended to [`JsonPage::text_mut`].
    #[inline]
    pub fn end_row(&mut self, source: &Arc<str>, line: u64) {
        self.text.push(b'\n');
        self.rows += 1;
        match self.origins.last_mut() {
            Some(last) if last.first_line + last.rows == line && last.source == *source => last.rows += 1,
            _ => self.origins.push(PageOrigin { source: Arc::clone(source), first_line: line, rows: 1 }),
        }
    }

    /// The text behind the last row, for callers that build rows in place; see [`JsonPage::end_row`].
    #[inline]
    pub fn text_mut(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Keeps something that is not a row.
    pub fn reject(&mut self, row: RejectedRow) {
        self.rejected.push(row);
    }

    /// Appends the rows of another page, with all that is known of them. Small pages are better joined than
    /// handed over one by one.
    pub fn append(&mut self, mut other: Self) {
        self.text.append(&mut other.text);
        self.rows += other.rows;
        self.origins.append(&mut other.origins);
        self.rejected.append(&mut other.rejected);
        self.source_bytes += other.source_bytes;
    }

    /// Sets how many bytes of the input went into this page, before decompression.
    #[must_use]
    pub fn with_source_bytes(mut self, bytes: u64) -> Self {
        self.source_bytes = bytes;
        self
    }

    /// Keeps only the first rows.
    pub fn truncate(&mut self, rows: u64) {
        if rows >= self.rows {
            return;
        }
        let end = memchr_iter(b'\n', &self.text).nth(rows as usize).map_or(0, |next| {
            // The line end before the one of the first row to go.
            memrchr(b'\n', &self.text[..next]).map_or(0, |last| last + 1)
        });
        self.text.truncate(end);
        self.rows = rows;
        let mut left = rows;
        self.origins.retain_mut(|origin| {
            origin.rows = origin.rows.min(left);
            left -= origin.rows;
            origin.rows > 0
        });
    }

    /// Keeps only these rows: for each stretch of them their numbers and their text, in order.
    pub fn retain(&mut self, kept: &[(Range<u64>, Range<usize>)]) {
        let rows = kept.iter().map(|(rows, _)| rows.end - rows.start).sum();
        if rows == self.rows {
            return;
        }
        let mut end = 0;
        for (_, text) in kept {
            self.text.copy_within(text.clone(), end);
            end += text.len();
        }
        self.text.truncate(end);
        self.rows = rows;
        self.origins = retained(&self.origins, kept);
    }

    /// The rows, each ended by a line feed.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// How many rows the page has.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Where the rows stand in their inputs, in row order; empty where rows were never in a file.
    pub fn origins(&self) -> &[PageOrigin] {
        &self.origins
    }

    /// What could not be made a row.
    pub fn rejected(&self) -> &[RejectedRow] {
        &self.rejected
    }

    /// Bytes of the input that this page accounts for.
    pub fn source_bytes(&self) -> u64 {
        self.source_bytes
    }

    /// Whether the page holds neither rows nor rejected rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0 && self.rejected.is_empty()
    }
}

/// The origins of the rows that are kept.
fn retained(origins: &[PageOrigin], kept: &[(Range<u64>, Range<usize>)]) -> Vec<PageOrigin> {
    let mut found = Vec::new();
    let mut kept = kept.iter().map(|(rows, _)| rows.clone()).peekable();
    let mut first = 0;
    for origin in origins {
        let end = first + origin.rows;
        while let Some(rows) = kept.peek() {
            let (from, to) = (rows.start.max(first), rows.end.min(end));
            if from < to {
                let first_line = origin.first_line + from - first;
                found.push(PageOrigin { first_line, rows: to - from, ..origin.clone() });
            }
            if rows.end > end {
                break;
            }
            kept.next();
        }
        first = end;
    }
    found
}

impl Page {
    /// How many rows the page has.
    pub fn rows(&self) -> u64 {
        match self {
            Self::Json(page) => page.rows(),
            Self::Arrow(batch) => batch.num_rows() as u64,
            Self::ParquetFile(file) => file.rows,
            Self::Message(_) => 0,
        }
    }

    /// The rows as JSON text, whatever they are, for who works on rows of any kind.
    ///
    /// # Errors
    /// If columns cannot be expressed in JSON, or the file cannot be read.
    pub fn to_json(&self) -> Result<JsonPage, SourceError> {
        match self {
            Self::Json(page) => Ok(page.clone()),
            Self::Arrow(batch) => {
                let mut page = JsonPage::default();
                append_rows(&mut page, batch)?;
                Ok(page)
            }
            Self::ParquetFile(file) => {
                let mut page = JsonPage::default();
                for batch in file.first_rows(file.rows)? {
                    append_rows(&mut page, &batch?)?;
                }
                Ok(page)
            }
            Self::Message(_) => Ok(JsonPage::default()),
        }
    }

    /// Bytes of its rows before compression.
    pub fn size(&self) -> u64 {
        match self {
            Self::Json(page) => page.text().len() as u64,
            Self::Arrow(batch) => batch.get_array_memory_size() as u64,
            Self::ParquetFile(file) => file.uncompressed_bytes,
            Self::Message(_) => 0,
        }
    }

    /// Bytes of input that the page accounts for.
    pub fn source_bytes(&self) -> u64 {
        match self {
            Self::Json(page) => page.source_bytes(),
            Self::Arrow(batch) => batch.get_array_memory_size() as u64,
            Self::ParquetFile(file) => file.bytes,
            Self::Message(_) => 0,
        }
    }
}

/// Appends the rows of a batch as JSON text.
fn append_rows(page: &mut JsonPage, batch: &RecordBatch) -> Result<(), SourceError> {
    let rows = StructArray::from(batch.clone());
    for row in 0..batch.num_rows() {
        let value = columnar_value(&rows, row).map_err(|error| SourceError::Other(error.into()))?;
        serde_json::to_writer(&mut page.text, &value).map_err(|error| SourceError::Other(error.into()))?;
        page.text.push(b'\n');
        page.rows += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_cut_keeps_its_first_rows_and_their_origins() {
        let source: Arc<str> = "a.jsonl".into();
        let mut page = JsonPage::default();
        for (line, row) in [(1, "1"), (2, "22"), (5, "333"), (6, "4")] {
            page.push_row(&source, line, row.as_bytes());
        }
        let cut = |rows| {
            let mut page = page.clone();
            page.truncate(rows);
            let origins: Vec<_> =
                page.origins.iter().map(|origin| (origin.first_line, origin.rows)).collect();
            (String::from_utf8(page.text.clone()).unwrap(), page.rows, origins)
        };
        assert_eq!(cut(0), (String::new(), 0, vec![]));
        assert_eq!(cut(1), ("1\n".to_owned(), 1, vec![(1, 1)]));
        assert_eq!(cut(3), ("1\n22\n333\n".to_owned(), 3, vec![(1, 2), (5, 1)]));
        assert_eq!(cut(9), ("1\n22\n333\n4\n".to_owned(), 4, vec![(1, 2), (5, 2)]));
    }

    #[test]
    fn a_page_that_is_thinned_out_keeps_bytes_and_origins_of_what_stays() {
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let mut page = JsonPage::default();
        for (source, line, row) in [(&a, 1, "1"), (&a, 2, " 22"), (&a, 3, "333"), (&b, 7, "4"), (&b, 8, "5")]
        {
            page.push_row(source, line, row.as_bytes());
        }
        page.retain(&[(1..4, 2..12), (4..5, 12..14)]);
        assert_eq!(page.text(), b" 22\n333\n4\n5\n");
        let origins: Vec<_> = page.origins.iter().map(|o| (&*o.source, o.first_line, o.rows)).collect();
        assert_eq!((page.rows, origins), (4, vec![("a", 2, 2), ("b", 7, 1), ("b", 8, 1)]));
        page.retain(&[(3..4, 10..12)]);
        assert_eq!((page.text(), page.origins[0].first_line), (&b"5\n"[..], 8));
    }
}
