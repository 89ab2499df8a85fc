//! From records to pages of rows.

use std::collections::{HashSet, VecDeque};
use std::io::Read;
use std::sync::Arc;

use cartage_extract::{JsonPage, PAGE_BYTES, RejectedRow, SourceError};

use super::records::{Record, Records};
use super::values::{Kind, write_text, write_value};
use crate::config::{CsvConfig, CsvHeader, CsvTypes};

/// How much of a file decides the types of its columns, whichever is reached first.
const SAMPLE_RECORDS: usize = 20_000;
const SAMPLE_BYTES: usize = 8 << 20;

/// Rejected records of a page; a page of nothing else must end, too.
const MAX_REJECTED: usize = 1_000;

/// Reads one CSV file page by page.
pub(crate) struct CsvReader<R> {
    records: Records<R>,
    source: Arc<str>,
    config: CsvConfig,
    quarantine: bool,
    /// `None` until the first records have been looked at.
    columns: Option<Vec<Column>>,
    /// Records that were read to decide the types.
    sample: VecDeque<Record>,
    record: Record,
}

struct Column {
    /// The name as a JSON text, with a colon.
    key: Vec<u8>,
    kind: Kind,
}

impl<R: Read> CsvReader<R> {
    pub(crate) fn new(
        input: R,
        source: Arc<str>,
        config: CsvConfig,
        max_record_bytes: usize,
        quarantine: bool,
    ) -> Self {
        Self {
            records: Records::new(input, Arc::clone(&source), &config, max_record_bytes),
            source,
            config,
            quarantine,
            columns: None,
            sample: VecDeque::new(),
            record: Record::default(),
        }
    }

    pub(crate) fn next_page(&mut self) -> Result<Option<JsonPage>, SourceError> {
        if self.columns.is_none() {
            self.columns = Some(self.begin()?);
        }
        let columns = self.columns.take().unwrap_or_default();
        let mut page = JsonPage::default();
        let mut record = std::mem::take(&mut self.record);
        let has_room =
            |page: &JsonPage| page.text().len() < PAGE_BYTES && page.rejected().len() < MAX_REJECTED;
        while has_room(&page) && self.next_record(&mut record)? {
            self.write(&columns, &record, &mut page)?;
        }
        self.record = record;
        self.columns = Some(columns);
        Ok((!page.is_empty()).then_some(page))
    }

    fn next_record(&mut self, record: &mut Record) -> Result<bool, SourceError> {
        match self.sample.pop_front() {
            Some(sampled) => {
                *record = sampled;
                Ok(true)
            }
            None => self.records.read(record),
        }
    }

    /// Reads the header and the sample, and decides names and types of the columns.
    fn begin(&mut self) -> Result<Vec<Column>, SourceError> {
        let header = match &self.config.header {
            CsvHeader::First => {
                let mut record = Record::default();
                if !self.records.read(&mut record)? {
                    return Ok(Vec::new());
                }
                Some(self.names(&record)?)
            }
            CsvHeader::Names(names) => Some(names.clone()),
            CsvHeader::Absent => None,
        };
        self.read_sample()?;
        let names = header.unwrap_or_else(|| {
            let width = self.sample.front().map_or(0, Record::len);
            (1..=width).map(|number| format!("column_{number}")).collect()
        });
        let mut columns: Vec<Column> = names.iter().map(|name| Column::new(name)).collect();
        for column in &mut columns {
            column.kind = if self.config.types == CsvTypes::Text { Kind::Text } else { Kind::Unknown };
        }
        for record in self.sample.iter().filter(|record| record.len() == names.len()) {
            let Some(text) = record.text() else { continue };
            for (column, (range, quoted)) in columns.iter_mut().zip(record.fields()) {
                let value = &text[range];
                if column.kind != Kind::Text && !self.is_null(value, quoted) {
                    column.kind = column.kind.and(Kind::of(value));
                }
            }
        }
        Ok(columns)
    }

    /// Names of the header, each once; nameless columns are called by their position.
    fn names(&self, header: &Record) -> Result<Vec<String>, SourceError> {
        let text = header.text().ok_or_else(|| self.not_utf8(header))?;
        let mut taken = HashSet::new();
        let names = header.fields().enumerate().map(|(position, (range, _))| {
            let name = match text[range].trim() {
                "" => format!("column_{}", position + 1),
                name => name.to_owned(),
            };
            let mut unique = name.clone();
            let mut count = 1;
            while !taken.insert(unique.clone()) {
                unique = format!("{name}_{count}");
                count += 1;
            }
            unique
        });
        Ok(names.collect())
    }

    fn read_sample(&mut self) -> Result<(), SourceError> {
        let wanted = match (self.config.types, &self.config.header) {
            (CsvTypes::Detect, _) => SAMPLE_RECORDS,
            (CsvTypes::Text, CsvHeader::Absent) => 1,
            (CsvTypes::Text, _) => 0,
        };
        let mut bytes = 0;
        while self.sample.len() < wanted && bytes < SAMPLE_BYTES {
            let mut record = Record::default();
            if !self.records.read(&mut record)? {
                break;
            }
            bytes += record.bytes();
            self.sample.push_back(record);
        }
        Ok(())
    }

    fn write(&self, columns: &[Column], record: &Record, page: &mut JsonPage) -> Result<(), SourceError> {
        let Some(text) = record.text() else { return self.bad(record, self.not_utf8(record), page) };
        if record.len() != columns.len() {
            return self.bad(record, self.ragged(columns, record), page);
        }
        let out = page.text_mut();
        out.push(b'{');
        for (position, (column, (range, quoted))) in columns.iter().zip(record.fields()).enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&column.key);
            let value = &text[range];
            if self.is_null(value, quoted) {
                out.extend_from_slice(b"null");
            } else {
                write_value(out, value, column.kind);
            }
        }
        out.push(b'}');
        page.end_row(&self.source, record.line);
        Ok(())
    }

    fn is_null(&self, value: &str, quoted: bool) -> bool {
        !quoted && (value.is_empty() || self.config.null_values.iter().any(|null| null == value))
    }

    fn bad(&self, record: &Record, error: SourceError, page: &mut JsonPage) -> Result<(), SourceError> {
        let SourceError::Malformed { reason, .. } = &error else { return Err(error) };
        if !self.quarantine {
            return Err(error);
        }
        page.reject(RejectedRow {
            source: Arc::clone(&self.source),
            line: record.line,
            text: record.raw(),
            reason: reason.clone(),
        });
        Ok(())
    }

    fn not_utf8(&self, record: &Record) -> SourceError {
        let reason = "the text is not UTF-8; convert the file, for instance with `iconv -f latin1 -t utf-8`";
        self.records.malformed(record.line, reason.to_owned())
    }

    fn ragged(&self, columns: &[Column], record: &Record) -> SourceError {
        let reason = format!(
            "the record has {} fields where {} are expected; check `csv.delimiter` and `csv.quote`, \
             or set `on_bad_row = \"quarantine\"` on the source",
            record.len(),
            columns.len()
        );
        self.records.malformed(record.line, reason)
    }
}

impl Column {
    fn new(name: &str) -> Self {
        let mut key = Vec::new();
        write_text(&mut key, name);
        key.push(b':');
        Self { key, kind: Kind::Unknown }
    }
}
