//! Lines of text to pages of rows: newline-delimited JSON as it is in files and streams.

use std::io::Read;
use std::sync::Arc;

use cartage_source_api::{InputPosition, JsonPage, PAGE_BYTES, SourceError};
use memchr::{memchr, memchr_iter, memrchr};

/// Cuts an input into pages of whole lines.
///
/// Bytes pass through: only blank lines, line ends of Windows and a byte order mark are dropped. A last
/// line without line end counts. Text in UTF-16 is refused by its byte order mark.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    source: Arc<str>,
    max_line_bytes: usize,
    /// The begin of a line whose end has not been read.
    carry: Vec<u8>,
    /// Number of the line that `carry` begins, from 1.
    line: u64,
    started: bool,
}

impl<R: Read> Lines<R> {
    /// Reads `input`, which messages name `source`. A line longer than `max_line_bytes` is an error.
    pub fn new(input: R, source: Arc<str>, max_line_bytes: usize) -> Self {
        Self { input, source, max_line_bytes, carry: Vec::new(), line: 1, started: false }
    }

    /// The next page, which may have no rows; `None` at the end of the input.
    ///
    /// # Errors
    /// [`SourceError::Read`] if the input cannot be read, [`SourceError::Malformed`] for a line that is
    /// too long, [`SourceError::Unusable`] for text that is not UTF-8 by its byte order mark.
    pub fn next_page(&mut self) -> Result<Option<JsonPage>, SourceError> {
        let mut text = std::mem::take(&mut self.carry);
        let at_end = self.fill(&mut text)?;
        if !std::mem::replace(&mut self.started, true) {
            strip_byte_order_mark(&mut text, &self.source)?;
        }
        if at_end {
            if text.is_empty() {
                return Ok(None);
            }
            if text.last() != Some(&b'\n') {
                text.push(b'\n');
            }
        } else if let Some(last) = memrchr(b'\n', &text) {
            self.carry.extend_from_slice(&text[last + 1..]);
            text.truncate(last + 1);
        }
        self.clean(text).map(Some)
    }

    /// Reads until `text` is a page that has a line end, or the input ends (then true).
    fn fill(&mut self, text: &mut Vec<u8>) -> Result<bool, SourceError> {
        let mut wanted = PAGE_BYTES;
        loop {
            let known = text.len();
            let missing = wanted.saturating_sub(known).max(1);
            text.reserve(missing);
            let read = (&mut self.input)
                .take(missing as u64)
                .read_to_end(text)
                .map_err(|source| SourceError::Read { input: self.source.to_string(), source })?;
            if read < missing {
                return Ok(true);
            }
            if memchr(b'\n', &text[known..]).is_some() {
                return Ok(false);
            }
            if text.len() > self.max_line_bytes {
                return Err(self.too_long(self.line));
            }
            wanted = (text.len() * 2).min(self.max_line_bytes.saturating_add(1));
        }
    }

    /// Makes a page of whole lines and counts them.
    fn clean(&mut self, text: Vec<u8>) -> Result<JsonPage, SourceError> {
        let first_line = self.line;
        let mut start = 0;
        let mut any_blank = false;
        for end in memchr_iter(b'\n', &text) {
            // A line that begins with a space or less may be blank; the slow way looks closer.
            any_blank |= text[start] <= b' ';
            if end - start > self.max_line_bytes {
                return Err(self.too_long(self.line));
            }
            self.line += 1;
            start = end + 1;
        }
        if any_blank || memchr(b'\r', &text).is_some() {
            return Ok(self.without_blanks(&text, first_line));
        }
        Ok(JsonPage::from_clean_lines(text, self.line - first_line, &self.source, first_line))
    }

    fn without_blanks(&self, text: &[u8], first_line: u64) -> JsonPage {
        let mut page = JsonPage::default();
        page.text_mut().reserve(text.len());
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        for (line, row) in (first_line..).zip(lines) {
            let row = row.trim_ascii();
            if !row.is_empty() {
                page.push_row(&self.source, line, row);
            }
        }
        page
    }

    fn too_long(&self, line: u64) -> SourceError {
        let place = InputPosition { source: Arc::clone(&self.source), line, column: None };
        let limit = self.max_line_bytes;
        let reason = format!(
            "the line is longer than {limit} bytes; raise `max_row_bytes` in `[extract]` if it is one row (and \
             `runtime.memory_limit`, if that is set), or set `format` if the input is not jsonl"
        );
        SourceError::Malformed { place, reason }
    }
}

/// Drops the mark that some editors put before UTF-8 and refuses the ones of UTF-16.
pub(crate) fn strip_byte_order_mark(text: &mut Vec<u8>, source: &Arc<str>) -> Result<(), SourceError> {
    if text.starts_with(b"\xef\xbb\xbf") {
        text.drain(..3);
    } else if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(SourceError::Unusable {
            input: source.to_string(),
            reason: "the text is UTF-16; convert it to UTF-8 first, with `iconv -f utf-16 -t utf-8`"
                .to_owned(),
        });
    }
    Ok(())
}
