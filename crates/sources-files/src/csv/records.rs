//! Records of CSV with their fields, lines and original text.

use std::io::Read;
use std::ops::Range;

use cartage_source_api::SourceError;
use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use memchr::memchr_iter;

use super::settings::CsvConfig;
use super::text::Text;

/// One record. An empty line is one without fields.
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

    /// The bytes of a field.
    pub(super) fn bytes_of(&self, range: Range<usize>) -> &[u8] {
        &self.text[range]
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

    /// The position of the first field that is not UTF-8.
    pub(super) fn broken_field(&self) -> Option<usize> {
        let is_text = |(range, _)| std::str::from_utf8(&self.text[range]).is_ok();
        self.fields().position(|field| !is_text(field))
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

    fn clear(&mut self) {
        self.fields.clear();
        self.raw.clear();
    }
}

/// What the records of a file are written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    delimiter: u8,
    quote: Option<u8>,
    escape: Option<u8>,
    comment: Option<u8>,
}

impl Dialect {
    /// The dialect of the settings with this delimiter.
    pub(super) fn new(config: &CsvConfig, delimiter: u8) -> Self {
        let CsvConfig { quote, escape, comment, .. } = *config;
        Self { delimiter, quote, escape: escape.filter(|_| escape != quote), comment }
    }
}

/// Cuts text into records.
pub(super) struct Records<R> {
    text: Text<R>,
    core: Reader,
    dialect: Dialect,
    max_record_bytes: usize,
    /// Whether the record before ended with a carriage return, whose line feed may follow.
    ended_with_return: bool,
    /// Whether empty lines are records.
    pub(super) keeps_empty_lines: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(text: Text<R>, dialect: Dialect, max_record_bytes: usize) -> Self {
        let core = ReaderBuilder::new()
            .delimiter(dialect.delimiter)
            .quote(dialect.quote.unwrap_or(b'"'))
            .quoting(dialect.quote.is_some())
            .escape(dialect.escape)
            .build();
        Self { text, core, dialect, max_record_bytes, ended_with_return: false, keeps_empty_lines: false }
    }

    /// What stands between fields.
    pub(super) fn delimiter(&self) -> u8 {
        self.dialect.delimiter
    }

    /// Reads the next record into `record`; false behind the last one.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, SourceError> {
        record.clear();
        let Some(first) = self.begin()? else { return Ok(false) };
        record.line = self.text.line;
        if matches!(first, b'\n' | b'\r') {
            self.empty_line(first);
            return Ok(true);
        }
        let mut field = FieldBegin::new(Some(first), self.dialect.quote, 0);
        let mut written = 0;
        loop {
            self.fill()?;
            if record.text.len() == written {
                record.text.resize((2 * written).max(256), 0);
            }
            let rest = self.text.rest();
            let (result, taken, put) = self.core.read_field(rest, &mut record.text[written..]);
            let raw = &rest[..taken];
            if let (None, Some(first)) = (field.first, raw.first()) {
                field = FieldBegin::new(Some(*first), self.dialect.quote, field.raw_start);
            }
            record.raw.extend_from_slice(raw);
            let lines = memchr_iter(b'\n', raw).count() as u64;
            self.text.take(taken);
            self.text.line += lines;
            written += put;
            match result {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull => record.text.resize(record.text.len() * 2, 0),
                ReadFieldResult::Field { record_end } => {
                    self.check_quotes(record, &field)?;
                    record.fields.push(Field { end: written, is_quoted: field.is_quoted });
                    field = FieldBegin::new(None, None, record.raw.len());
                    if record_end {
                        self.end(record);
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

    /// Goes to the next record, over comments and, unless they count, empty lines; its first byte.
    fn begin(&mut self) -> Result<Option<u8>, SourceError> {
        loop {
            self.fill()?;
            let Some(first) = self.text.rest().first().copied() else { return Ok(None) };
            match first {
                b'\n' if self.ended_with_return => {
                    self.ended_with_return = false;
                    self.text.take(1);
                }
                b'\n' | b'\r' if !self.keeps_empty_lines => self.empty_line(first),
                _ if self.dialect.comment == Some(first) => {
                    self.ended_with_return = false;
                    self.text.skip_line()?;
                }
                _ => {
                    self.ended_with_return = false;
                    return Ok(Some(first));
                }
            }
        }
    }

    fn empty_line(&mut self, end: u8) {
        self.ended_with_return = end == b'\r';
        self.text.take(1);
        self.text.line += 1;
    }

    /// Notes how a record ended. A carriage return ends a line by itself.
    fn end(&mut self, record: &Record) {
        self.ended_with_return = record.raw.last() == Some(&b'\r');
        self.text.line += u64::from(self.ended_with_return);
    }

    fn fill(&mut self) -> Result<(), SourceError> {
        while self.text.rest().is_empty() && !self.text.has_ended() {
            self.text.more()?;
        }
        Ok(())
    }

    /// A quote that is never closed takes the rest of the file with it: better to say so.
    fn check_quotes(&self, record: &Record, field: &FieldBegin) -> Result<(), SourceError> {
        let doubles_quotes = self.dialect.escape.is_none();
        let Some(quote) = self.dialect.quote.filter(|_| field.is_quoted && doubles_quotes) else {
            return Ok(());
        };
        let at_end = self.text.has_ended() && self.text.rest().is_empty();
        if at_end && memchr_iter(quote, &record.raw[field.raw_start..]).count() % 2 == 1 {
            let reason = "a quoted field is not closed before the end of the file; if quotes are text here, set \
                          `csv.quote = \"\"` (`--csv-quote \"\"` of `ingest`)";
            return Err(self.malformed(record.line, reason.to_owned()));
        }
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
        self.text.malformed(line, reason)
    }
}

/// What the first byte of a field tells.
struct FieldBegin {
    first: Option<u8>,
    is_quoted: bool,
    raw_start: usize,
}

impl FieldBegin {
    fn new(first: Option<u8>, quote: Option<u8>, raw_start: usize) -> Self {
        Self { first, is_quoted: first.is_some() && first == quote, raw_start }
    }
}
