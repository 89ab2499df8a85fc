//! From records to pages of rows.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use cartage_source_api::{JsonPage, PAGE_BYTES, RejectedRow, SourceError};

use super::columns::{Column, CsvColumns};
use super::detect::{self, CANDIDATES};
use super::names;
use super::records::{Dialect, Record, Records};
use super::settings::{CsvConfig, CsvHeader, CsvTypes};
use super::text::Text;

/// How much of a file decides the types of its columns, whichever is reached first.
const SAMPLE_RECORDS: usize = 20_000;
const SAMPLE_BYTES: usize = 8 << 20;

/// Rejected records of a page; a page of nothing else must end, too.
const MAX_REJECTED: usize = 1_000;

/// A CSV file and how it is read.
pub(crate) struct CsvFile {
    pub(crate) source: Arc<str>,
    pub(crate) config: CsvConfig,
    /// What stands between fields where the file does not show it.
    pub(crate) usual_delimiter: u8,
    pub(crate) max_record_bytes: usize,
    pub(crate) quarantine: bool,
}

/// Reads one CSV file page by page.
pub(crate) struct CsvReader<R> {
    file: CsvFile,
    stage: Stage<R>,
    /// What stands between fields, where the file showed it.
    found_delimiter: Option<u8>,
    warnings: Vec<String>,
    record: Record,
}

enum Stage<R> {
    /// Nothing was read.
    New(R),
    Rows(Box<Rows<R>>),
    /// An error came in between.
    Lost,
}

/// The records behind the header.
struct Rows<R> {
    records: Records<R>,
    columns: Vec<Column>,
    /// Records that were read to decide the types.
    sample: VecDeque<Record>,
}

impl<R: Read> Rows<R> {
    fn next(&mut self, record: &mut Record) -> Result<bool, SourceError> {
        match self.sample.pop_front() {
            Some(sampled) => {
                *record = sampled;
                Ok(true)
            }
            None => self.records.read(record),
        }
    }
}

impl<R: Read> CsvReader<R> {
    pub(crate) fn new(input: R, file: CsvFile) -> Self {
        Self {
            file,
            stage: Stage::New(input),
            found_delimiter: None,
            warnings: Vec::new(),
            record: Record::default(),
        }
    }

    /// The delimiter that the file showed, where that is not the usual one.
    pub(crate) fn found_delimiter(&self) -> Option<u8> {
        self.found_delimiter
    }

    /// What the user should know of the file.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The next page. `known` is what is known of the columns from the table and from earlier files.
    pub(crate) fn next_page(&mut self, known: &mut CsvColumns) -> Result<Option<JsonPage>, SourceError> {
        let mut rows = match std::mem::replace(&mut self.stage, Stage::Lost) {
            Stage::New(input) => Box::new(self.begin(input, known)?),
            Stage::Rows(rows) => rows,
            Stage::Lost => return Ok(None),
        };
        let mut page = JsonPage::default();
        let mut record = std::mem::take(&mut self.record);
        let has_room =
            |page: &JsonPage| page.text().len() < PAGE_BYTES && page.rejected().len() < MAX_REJECTED;
        while has_room(&page) && rows.next(&mut record)? {
            self.write(&mut rows, &record, &mut page)?;
        }
        if page.is_empty() {
            known.note(&rows.columns);
        }
        self.record = record;
        self.stage = Stage::Rows(rows);
        Ok((!page.is_empty()).then_some(page))
    }

    /// Reads the header and the sample, and decides names and types of the columns.
    fn begin(&mut self, input: R, known: &CsvColumns) -> Result<Rows<R>, SourceError> {
        let mut text = Text::open(input, Arc::clone(&self.file.source), self.file.config.encoding)?;
        for _ in 0..self.file.config.skip_lines {
            text.skip_line()?;
        }
        let delimiter = self.delimiter(&mut text)?;
        let dialect = Dialect::new(&self.file.config, delimiter);
        let mut records = Records::new(text, dialect, self.file.max_record_bytes);
        let config = &self.file.config;
        let header = match &config.header {
            CsvHeader::First => {
                let mut record = Record::default();
                if !records.read(&mut record)? {
                    return Ok(Rows { records, columns: Vec::new(), sample: VecDeque::new() });
                }
                let text = record.text().ok_or_else(|| not_utf8(&records, &[], &record))?;
                Some(names::of_header(record.fields().map(|(range, _)| &text[range])))
            }
            CsvHeader::Names(names) => Some(names.clone()),
            CsvHeader::Absent => None,
        };
        // Whether an empty line is a row, only the width tells.
        records.keeps_empty_lines = header.as_ref().is_none_or(|names| names.len() == 1);
        let mut sample = read_sample(&mut records, config)?;
        let names = header.unwrap_or_else(|| {
            let width = sample.iter().map(Record::len).find(|width| *width > 0).unwrap_or_default();
            (1..=width).map(|number| format!("column_{number}")).collect()
        });
        if names.len() != 1 {
            records.keeps_empty_lines = false;
            sample.retain(|record| record.len() > 0);
        }
        self.warn_of_one_column(&names, sample.front());
        let columns = self.columns(names, known, &sample)?;
        Ok(Rows { records, columns, sample })
    }

    /// What stands between fields: what the settings say, else a first line `sep=;`, else what the records show.
    fn delimiter(&mut self, text: &mut Text<R>) -> Result<u8, SourceError> {
        let said = text.line()?.and_then(detect::sep_line);
        if said.is_some() {
            text.skip_line()?;
            text.more()?;
        }
        let CsvFile { config, usual_delimiter: usual, .. } = &self.file;
        if let Some(delimiter) = config.delimiter {
            return Ok(delimiter);
        }
        let found = match said {
            Some(delimiter) => delimiter,
            None => detect::delimiter(text.rest(), text.has_ended(), config, *usual),
        };
        self.found_delimiter = (found != *usual).then_some(found);
        Ok(found)
    }

    fn columns(
        &mut self,
        names: Vec<String>,
        known: &CsvColumns,
        sample: &VecDeque<Record>,
    ) -> Result<Vec<Column>, SourceError> {
        let config = &self.file.config;
        let names = names::keep_apart(names, known.table(), config.name_collisions).map_err(|reason| {
            SourceError::Unusable {
                input: self.file.source.to_string(),
                reason: format!("{reason}; {NAME_THEM}, or set `csv.name_collisions = \"keep_apart\"`"),
            }
        })?;
        if !names.kept_apart.is_empty() {
            let pairs: Vec<String> =
                names.kept_apart.iter().map(|(name, column)| format!("`{name}` is `{column}`")).collect();
            self.warnings.push(format!(
                "{}: names of the header that would be one column are kept apart: {}; for other names, {NAME_THEM}",
                self.file.source,
                pairs.join(", ")
            ));
        }
        let mut columns: Vec<Column> = names.keys.iter().map(|name| Column::new(name)).collect();
        let width = columns.len();
        for record in sample.iter().filter(|record| record.len() == width) {
            let Some(text) = record.text() else { continue };
            for (column, (range, quoted)) in columns.iter_mut().zip(record.fields()) {
                if !is_null(config, &text[range.clone()], quoted) {
                    column.sample(&text[range], config.decimal);
                }
            }
        }
        for column in &mut columns {
            column.decide(config.types, known.known(column.name()));
        }
        Ok(columns)
    }

    /// One column whose name could be several: better said than found out later.
    fn warn_of_one_column(&mut self, names: &[String], first: Option<&Record>) {
        let [name] = names else { return };
        let is_named = self.file.config.header == CsvHeader::First;
        let shown = if is_named { name.clone() } else { first.map(Record::raw).unwrap_or_default() };
        if let Some(mark) = CANDIDATES.into_iter().find(|mark| shown.as_bytes().contains(mark)) {
            let what = if is_named { "header" } else { "first record" };
            self.warnings.push(format!(
                "{} has one column, and its {what} `{shown}` holds {}; if that stands between fields, set \
                 `csv.delimiter` (`--csv-delimiter` of `ingest`)",
                self.file.source,
                named(mark)
            ));
        }
    }

    fn write(&self, rows: &mut Rows<R>, record: &Record, page: &mut JsonPage) -> Result<(), SourceError> {
        let Some(text) = record.text() else {
            return self.bad(record, not_utf8(&rows.records, &rows.columns, record), page);
        };
        let CsvFile { config, source, .. } = &self.file;
        let columns = &mut rows.columns;
        if record.len() != columns.len() && !(record.len() == 0 && columns.len() == 1) {
            return self.bad(record, ragged(&rows.records, columns.len(), record), page);
        }
        let out = page.text_mut();
        out.push(b'{');
        for (position, (column, (range, quoted))) in columns.iter_mut().zip(record.fields()).enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&column.json_key);
            let value = &text[range];
            if is_null(config, value, quoted) {
                out.extend_from_slice(b"null");
            } else {
                column.write(out, value, config.decimal);
            }
        }
        if let (0, Some(column)) = (record.len(), columns.first()) {
            out.extend_from_slice(&column.json_key);
            out.extend_from_slice(b"null");
        }
        out.push(b'}');
        page.end_row(source, record.line);
        Ok(())
    }

    fn bad(&self, record: &Record, error: SourceError, page: &mut JsonPage) -> Result<(), SourceError> {
        let SourceError::Malformed { reason, .. } = &error else { return Err(error) };
        if !self.file.quarantine {
            return Err(error);
        }
        page.reject(RejectedRow {
            source: Arc::clone(&self.file.source),
            line: record.line,
            text: record.raw(),
            reason: reason.clone(),
        });
        Ok(())
    }
}

/// How columns get the names of a setting.
const NAME_THEM: &str =
    "name the columns in `csv.header = [..]` and pass over the header with `csv.skip_lines = 1`";

/// A delimiter in words.
pub(crate) fn named(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tabs".to_owned(),
        mark => format!("`{}`", char::from(mark)),
    }
}

/// The first records. Empty lines are not records of their own before the width is known.
fn read_sample<R: Read>(
    records: &mut Records<R>,
    config: &CsvConfig,
) -> Result<VecDeque<Record>, SourceError> {
    let wanted = match (config.types, &config.header) {
        (CsvTypes::Detect, _) => SAMPLE_RECORDS,
        (CsvTypes::Text, CsvHeader::Absent) => 1,
        (CsvTypes::Text, _) => 0,
    };
    let mut sample = VecDeque::new();
    let (mut count, mut bytes) = (0, 0);
    while count < wanted && bytes < SAMPLE_BYTES {
        let mut record = Record::default();
        if !records.read(&mut record)? {
            break;
        }
        count += usize::from(record.len() > 0 || config.header != CsvHeader::Absent);
        bytes += record.bytes();
        sample.push_back(record);
    }
    Ok(sample)
}

fn is_null(config: &CsvConfig, value: &str, quoted: bool) -> bool {
    !quoted && (value.is_empty() || config.null_values.iter().any(|null| null == value))
}

fn not_utf8<R: Read>(records: &Records<R>, columns: &[Column], record: &Record) -> SourceError {
    let column = record.broken_field().map(|field| match columns.get(field) {
        Some(column) => format!(" in column `{}`", column.name()),
        None => format!(" in column {}", field + 1),
    });
    let reason = format!(
        "the text{} is not UTF-8; set `csv.encoding` (`--csv-encoding` of `ingest`) to what the file is written in, \
         such as \"windows-1252\"",
        column.unwrap_or_default()
    );
    records.malformed(record.line, reason)
}

fn ragged<R: Read>(records: &Records<R>, expected: usize, record: &Record) -> SourceError {
    let delimiter = named(records.delimiter());
    let reason = format!(
        "the record has {} fields where {expected} are expected, between {delimiter}; check `csv.delimiter` and \
         `csv.quote` (`--csv-delimiter` and `--csv-quote` of `ingest`), or set `on_bad_row = \"quarantine\"` on the \
         source",
        record.len()
    );
    records.malformed(record.line, reason)
}
