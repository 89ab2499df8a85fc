//! The pages of a resource of files.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};

use cartage_row_readers::{DocumentReader, Lines, Selector};
use cartage_runtime::OnBadRow;
use cartage_schema::DataType;
use cartage_source_api::{Finding, Input, JsonPage, OpenContext, Page, Producer, SourceError};

use crate::config::{FilesConfig, InputFormat};
use crate::csv::{CsvColumns, CsvFile, CsvReader, named};
use crate::delimiters::Delimiters;
use crate::find::{Findings, Found, Place, find, format_of, is_tab_separated};
use crate::input::{self, BytesRead};

/// Reads the files of one resource, one after the other.
pub struct FilesProducer {
    config: FilesConfig,
    selector: Option<Selector>,
    base_dir: PathBuf,
    /// What happens to a record of CSV that has another number of fields than the header, or is no UTF-8.
    on_bad_row: OnBadRow,
    max_line_bytes: usize,
    small_page_bytes: usize,
    waiting: VecDeque<Found>,
    current: Option<Current>,
    /// A page that did not go with the ones before it.
    next: Option<Page>,
    inputs: Vec<Input>,
    warnings: Vec<String>,
    /// What the CSV files have in common.
    columns: CsvColumns,
    delimiters: Delimiters,
}

/// The file that is being read.
struct Current {
    name: String,
    rows: Rows,
    read: BytesRead,
    /// Bytes that earlier pages account for.
    accounted: u64,
    /// Whether it gave a page yet.
    has_pages: bool,
}

enum Rows {
    Lines(Lines<input::Input>),
    Document(DocumentReader<input::Input>),
    Csv(Box<CsvReader<input::Input>>),
}

impl Debug for FilesProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilesProducer").field("config", &self.config).finish_non_exhaustive()
    }
}

impl FilesProducer {
    /// Reads what `config` names; relative paths start from `base_dir`. No file is touched before the
    /// producer is opened.
    ///
    /// # Errors
    /// [`SourceError::Config`] if the selector cannot be understood or settings of CSV contradict one another.
    pub fn new(config: FilesConfig, base_dir: &Path, on_bad_row: OnBadRow) -> Result<Self, SourceError> {
        config.csv.check().map_err(|reason| SourceError::Config(format!("`csv`: {reason}")))?;
        let selector = match &config.data_selector {
            None => None,
            Some(text) => {
                let parsed = text.parse::<Selector>();
                Some(parsed.map_err(|error| SourceError::Config(error.to_string()))?)
            }
        };
        Ok(Self {
            config,
            selector,
            base_dir: base_dir.to_owned(),
            on_bad_row,
            max_line_bytes: usize::MAX,
            small_page_bytes: 0,
            waiting: VecDeque::new(),
            current: None,
            next: None,
            inputs: Vec::new(),
            warnings: Vec::new(),
            columns: CsvColumns::default(),
            delimiters: Delimiters::default(),
        })
    }

    /// Nothing where something was expected would empty a table that is replaced.
    fn check_unmatched(&mut self, findings: &Findings, context: &OpenContext) -> Result<(), SourceError> {
        let base = self.base_dir.display();
        let is_replaced = context.table.as_ref().is_some_and(|table| table.is_replaced());
        match findings.unmatched.first() {
            Some(path) if is_replaced && !self.config.allow_empty => Err(SourceError::Config(format!(
                "the pattern `{path}` matches no file in {base}, and the table is replaced: nothing was changed; \
                 correct `path`, or set `allow_empty = true` on the resource (`--allow-empty` of `ingest`) if that \
                 means no rows"
            ))),
            _ => {
                let warnings = findings.unmatched.iter();
                self.warnings
                    .extend(warnings.map(|path| format!("the pattern `{path}` matches no file in {base}")));
                Ok(())
            }
        }
    }

    /// Opens the next file, if there is one. A Parquet file is a page of its own.
    fn advance(&mut self) -> Result<Option<Page>, SourceError> {
        let Some(found) = self.waiting.pop_front() else { return Ok(None) };
        let format = self.format(&found)?;
        tracing::debug!(input = %found.name, ?format, "reading");
        if format == InputFormat::Parquet {
            return self.parquet(&found).map(Some);
        }
        let read = BytesRead::default();
        let input = input::open(&found, read.clone())?;
        let rows = self.rows(format, input, &found);
        self.current =
            Some(Current { name: found.name.to_string(), rows, read, accounted: 0, has_pages: false });
        self.inputs.push(Input { name: found.name.to_string(), bytes: 0, rows: 0 });
        Ok(None)
    }

    fn rows(&self, format: InputFormat, input: input::Input, found: &Found) -> Rows {
        match (format, &self.selector) {
            (InputFormat::Csv, _) => {
                let file = CsvFile {
                    source: found.name.clone(),
                    config: self.config.csv.clone(),
                    usual_delimiter: if is_tab_separated(&found.name) { b'\t' } else { b',' },
                    max_record_bytes: self.max_line_bytes,
                    quarantine: self.on_bad_row == OnBadRow::Quarantine,
                };
                Rows::Csv(Box::new(CsvReader::new(input, file)))
            }
            (InputFormat::Jsonl, None) => {
                Rows::Lines(Lines::new(input, found.name.clone(), self.max_line_bytes))
            }
            (_, selector) => {
                let selector = selector.clone().unwrap_or_default();
                Rows::Document(DocumentReader::new(input, &found.name, selector, self.max_line_bytes))
            }
        }
    }

    fn format(&self, found: &Found) -> Result<InputFormat, SourceError> {
        let known = self.config.format.or_else(|| match found.place {
            Place::StandardInput => Some(InputFormat::Jsonl),
            Place::File(_) => format_of(&found.name),
        });
        known.ok_or_else(|| SourceError::Unusable {
            input: found.name.to_string(),
            reason: "the name does not tell what is in it; set `format` to jsonl, json, csv or parquet"
                .to_owned(),
        })
    }

    fn parquet(&mut self, found: &Found) -> Result<Page, SourceError> {
        let Place::File(path) = &found.place else {
            return Err(SourceError::Unusable {
                input: found.name.to_string(),
                reason: "Parquet cannot be read from a stream; store it in a file".to_owned(),
            });
        };
        let file = crate::parquet::examine(found, path)?;
        self.inputs.push(Input { name: found.name.to_string(), bytes: file.bytes, rows: file.rows });
        Ok(Page::ParquetFile(file))
    }

    /// The next page of one file, however small.
    fn read_page(&mut self) -> Result<Option<Page>, SourceError> {
        loop {
            let Some(current) = &mut self.current else {
                match self.advance()? {
                    Some(page) => return Ok(Some(page)),
                    None if self.current.is_some() => continue,
                    None => return Ok(None),
                }
            };
            let page = match &mut current.rows {
                Rows::Lines(lines) => lines.next_page()?,
                Rows::Document(document) => document.next_page()?,
                Rows::Csv(csv) => csv.next_page(&mut self.columns)?,
            };
            if let Some(page) = page {
                current.has_pages = true;
                return Ok(Some(self.account(page)));
            }
            if !std::mem::replace(&mut current.has_pages, true) {
                // A file without rows is not nothing: the resource has been there.
                return Ok(Some(self.account(JsonPage::default())));
            }
            if let Rows::Csv(csv) = &current.rows {
                self.warnings.extend_from_slice(csv.warnings());
                self.delimiters.note(csv.found_delimiter(), &current.name);
            }
            let bytes = current.read.get();
            if let Some(input) = self.inputs.last_mut() {
                input.bytes = bytes;
            }
            self.current = None;
        }
    }

    /// Counts what a page took from the current file.
    fn account(&mut self, page: JsonPage) -> Page {
        let Some(current) = &mut self.current else { return Page::Json(page) };
        let read = current.read.get();
        let bytes = read - std::mem::replace(&mut current.accounted, read);
        if let Some(input) = self.inputs.last_mut() {
            debug_assert_eq!(input.name, current.name);
            input.bytes = read;
            input.rows += page.rows();
        }
        Page::Json(page.with_source_bytes(bytes))
    }
}

impl Producer for FilesProducer {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        self.max_line_bytes = context.max_line_bytes;
        self.small_page_bytes = context.small_page_bytes;
        let findings = find(&self.config.path.0, &self.base_dir, self.config.allow_empty)?;
        // All names are looked at now, so that an odd one does not end a long run.
        let mut is_all_csv = true;
        for found in &findings.inputs {
            is_all_csv &= self.format(found)? == InputFormat::Csv;
        }
        self.columns = CsvColumns::of(context.table.clone(), !is_all_csv);
        self.check_unmatched(&findings, context)?;
        self.warnings.extend(findings.warnings);
        self.waiting = findings.inputs.into();
        Ok(self.waiting.iter().map(|found| found.bytes).sum())
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let first = match self.next.take() {
            None => self.read_page()?,
            page => page,
        };
        let Some(Page::Json(mut page)) = first else { return Ok(first) };
        while page.text().len() < self.small_page_bytes && self.next.is_none() {
            match self.read_page()? {
                Some(Page::Json(next)) => page.append(next),
                Some(other) => self.next = Some(other),
                None => break,
            }
        }
        Ok(Some(Page::Json(page)))
    }

    fn inputs(&self) -> Vec<Input> {
        self.inputs.clone()
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.iter().cloned().chain(self.delimiters.notes()).collect()
    }

    fn findings(&self) -> Vec<Finding> {
        let csv = match self.current.as_ref().map(|current| &current.rows) {
            Some(Rows::Csv(csv)) => csv.found_delimiter(),
            _ => None,
        };
        let finding = |mark| Finding { name: "delimiter", value: named(mark), is_found: true };
        csv.map(finding).into_iter().collect()
    }

    fn column_types(&self) -> Vec<(String, DataType)> {
        self.columns.types()
    }
}
