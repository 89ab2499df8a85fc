//! Records of CSV with their fields, lines and original text.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use cartage_extract::{Place, SourceError};
use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use memchr::memchr_iter;

use crate::config::CsvConfig;

const WINDOW_BYTES: usize = 256 << 10;

/// One record.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Line on which it begins, from 1.
    pub(super) line: u64,
    /// The fields, unquoted, one behind the other; behind the last one stands what earlier records left.
    text: Vec<u8>,
    fields: Vec<Field>,
    /// The record as it stands in the file.
    raw: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Field {
    end: usize,
    is_quoted: bool,
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Bytes it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + self.raw.capacity() + self.fields.capacity() * size_of::<Field>()
    }

    /// The record as it stands in the file, without its line end.
    pub(super) fn raw(&self) -> String {
        String::from_utf8_lossy(self.raw.trim_ascii_end()).into_owned()
    }

    /// The text of all fields, if it is UTF-8.
    pub(super) fn text(&self) -> Option<&str> {
        let end = self.fields.last().map_or(0, |field| field.end);
        let text = std::str::from_utf8(&self.text[..end]).ok()?;
        // A character must not be cut in two by a delimiter either.
        self.fields.iter().all(|field| text.is_char_boundary(field.end)).then_some(text)
    }

    /// Where each field stands in the text, and whether it was quoted.
    pub(super) fn fields(&self) -> impl Iterator<Item = (Range<usize>, bool)> {
        let mut start = 0;
        self.fields.iter().map(move |field| {
            let range = start..field.end;
            start = field.end;
            (range, field.is_quoted)
        })
    }

    fn clear(&mut self, line: u64) {
        self.line = line;
        self.fields.clear();
        self.raw.clear();
    }
}

/// Cuts a stream into records.
pub(super) struct Records<R> {
    input: R,
    source: Arc<str>,
    core: Reader,
    quote: Option<u8>,
    doubles_quotes: bool,
    max_record_bytes: usize,
    window: Vec<u8>,
    position: usize,
    line: u64,
    at_end: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(input: R, source: Arc<str>, config: &CsvConfig, max_record_bytes: usize) -> Self {
        let core = ReaderBuilder::new()
            .delimiter(config.delimiter.unwrap_or(b','))
            .quote(config.quote.unwrap_or(b'"'))
            .quoting(config.quote.is_some())
            .escape(config.escape)
            .build();
        Self {
            input,
            source,
            core,
            quote: config.quote,
            doubles_quotes: config.escape.is_none(),
            max_record_bytes,
            window: Vec::new(),
            position: 0,
            line: 1,
            at_end: false,
        }
    }

    /// Reads the next record into `record`; false behind the last one. Empty lines are no records.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, SourceError> {
        record.clear(self.line);
        let mut field = FieldBegin::default();
        let mut written = 0;
        loop {
            if self.position == self.window.len() && !self.at_end {
                self.refill()?;
            }
            if record.text.len() == written {
                record.text.resize((2 * written).max(256), 0);
            }
            let rest = &self.window[self.position..];
            let (result, taken, put) = self.core.read_field(rest, &mut record.text[written..]);
            let raw = &rest[..taken];
            field.note(raw, self.quote, record.fields.is_empty(), &mut record.line);
            record.raw.extend_from_slice(raw);
            self.line += memchr_iter(b'\n', raw).count() as u64;
            self.position += taken;
            written += put;
            match result {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull => record.text.resize(record.text.len() * 2, 0),
                ReadFieldResult::Field { record_end } => {
                    self.check_quotes(record, &field)?;
                    record.fields.push(Field { end: written, is_quoted: field.is_quoted });
                    field = FieldBegin { raw_start: record.raw.len(), ..FieldBegin::default() };
                    if record_end {
                        return Ok(true);
                    }
                }
                ReadFieldResult::End => return Ok(false),
            }
            if record.raw.len() > self.max_record_bytes {
                return Err(self.too_long(record.line));
            }
        }
    }

    /// A quote that is never closed takes the rest of the file with it: better to say so.
    fn check_quotes(&self, record: &Record, field: &FieldBegin) -> Result<(), SourceError> {
        let Some(quote) = self.quote.filter(|_| field.is_quoted && self.doubles_quotes) else {
            return Ok(());
        };
        let at_end = self.at_end && self.position == self.window.len();
        if at_end && memchr_iter(quote, &record.raw[field.raw_start..]).count() % 2 == 1 {
            let reason = "a quoted field is not closed before the end of the file; \
                          if quotes are text here, set `csv.quote = \"\"`";
            return Err(self.malformed(record.line, reason.to_owned()));
        }
        Ok(())
    }

    fn refill(&mut self) -> Result<(), SourceError> {
        self.window.clear();
        self.position = 0;
        (&mut self.input)
            .take(WINDOW_BYTES as u64)
            .read_to_end(&mut self.window)
            .map_err(|source| SourceError::Read { input: self.source.to_string(), source })?;
        if self.line == 1 && (self.window.starts_with(b"\xff\xfe") || self.window.starts_with(b"\xfe\xff")) {
            return Err(SourceError::Unusable {
                input: self.source.to_string(),
                reason: "the text is UTF-16; convert it to UTF-8 first, with `iconv -f utf-16 -t utf-8`"
                    .to_owned(),
            });
        }
        self.at_end = self.window.is_empty();
        Ok(())
    }

    fn too_long(&self, line: u64) -> SourceError {
        let limit = self.max_record_bytes;
        let reason = format!(
            "the record is longer than {limit} bytes; is a quote missing? else raise `max_row_bytes` in `[extract]`"
        );
        self.malformed(line, reason)
    }

    pub(super) fn malformed(&self, line: u64, reason: String) -> SourceError {
        let place = Place { source: Arc::clone(&self.source), line, column: None };
        SourceError::Malformed { place, reason }
    }
}

/// What the first byte of a field tells.
#[derive(Default)]
struct FieldBegin {
    is_begun: bool,
    is_quoted: bool,
    raw_start: usize,
}

impl FieldBegin {
    /// Looks at bytes of the field; the line ends before the first field belong to empty lines.
    fn note(&mut self, raw: &[u8], quote: Option<u8>, is_first_field: bool, line: &mut u64) {
        if self.is_begun {
            return;
        }
        for byte in raw {
            match byte {
                b'\n' if is_first_field => *line += 1,
                b'\r' | 0xef | 0xbb | 0xbf if is_first_field => {}
                byte => {
                    self.is_begun = true;
                    self.is_quoted = quote == Some(*byte);
                    return;
                }
            }
        }
    }
}
