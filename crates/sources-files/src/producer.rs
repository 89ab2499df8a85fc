//! The pages of a resource of files.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};

#[cfg(feature = "buckets")]
use cartage_object_storage::BucketCredentials;
use cartage_row_readers::{DocumentReader, Lines, Selector};
use cartage_runtime::{CancelToken, OnBadRow};
use cartage_schema::DataType;
use cartage_source_api::{Finding, Input, OpenContext, Page, Producer, Resume, SourceError, StateChange};

use crate::config::{FilesConfig, InputFormat};
use crate::csv::{CsvColumns, CsvFile, CsvReader, named};
use crate::delimiters::Delimiters;
use crate::file_columns::{FileColumn, FileValues};
use crate::find::{Findings, find};
use crate::found::{Found, Place};
use crate::input::{self, BytesRead};
use crate::kinds::{format_of, is_tab_separated};
use crate::reading::{Current, Rows};
use crate::remote::{Ahead, Clients, ObjectReader};
use crate::seen::Seen;

/// Reads the files of one resource, one after the other.
pub struct FilesProducer {
    config: FilesConfig,
    selector: Option<Selector>,
    base_dir: PathBuf,
    /// What happens to a record of CSV that has another number of fields than the header, or is not UTF-8.
    on_bad_row: OnBadRow,
    max_line_bytes: usize,
    small_page_bytes: usize,
    cancel: CancelToken,
    clients: Clients,
    waiting: VecDeque<Found>,
    /// Of those that wait, objects that are on their way.
    ahead: Ahead,
    current: Option<Current>,
    /// A page of the current file that was read only to see whether there is one.
    next_of_current: Option<Page>,
    /// A page that did not go with the ones before it.
    next: Option<Step>,
    inputs: Vec<Input>,
    warnings: Vec<String>,
    /// What the CSV files have in common.
    columns: CsvColumns,
    delimiters: Delimiters,
    last_delimiter: Option<u8>,
    /// What earlier runs have read, where that is remembered.
    seen: Option<Seen>,
    change: StateChange,
}

/// A page, and what it changes in the state.
struct Step {
    page: Page,
    change: StateChange,
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
            cancel: CancelToken::default(),
            clients: Clients::default(),
            waiting: VecDeque::new(),
            ahead: Ahead::default(),
            current: None,
            next_of_current: None,
            next: None,
            inputs: Vec::new(),
            warnings: Vec::new(),
            columns: CsvColumns::default(),
            delimiters: Delimiters::default(),
            last_delimiter: None,
            seen: None,
            change: StateChange::default(),
        })
    }

    /// The same with what opens buckets.
    #[cfg(feature = "buckets")]
    #[must_use]
    pub fn with_credentials(self, credentials: BucketCredentials) -> Self {
        Self { clients: Clients::new(credentials), ..self }
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

    /// Opens the next file, if there is one. A Parquet file may be a page of its own.
    fn advance(&mut self) -> Result<Option<Step>, SourceError> {
        let next = self.ahead.next(&mut self.waiting, &self.clients, &self.cancel);
        let Some((found, object)) = next else { return Ok(None) };
        let format = self.format(&found)?;
        tracing::debug!(input = %found.name, ?format, "reading");
        if format == InputFormat::Parquet {
            return self.parquet(found, object);
        }
        let read = BytesRead::default();
        let input = input::open(&found, object, read.clone())?;
        let rows = self.rows(format, input, &found);
        self.begin(found, rows, read);
        Ok(None)
    }

    fn begin(&mut self, found: Found, rows: Rows, read: BytesRead) {
        let columns = &self.config.file_columns;
        let values = (!columns.is_empty()).then(|| FileValues::of(&found, columns));
        self.inputs.push(Input { name: found.name.to_string(), bytes: 0, rows: 0 });
        self.current = Some(Current::new(found, rows, read, values));
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
            Place::File(_) | Place::Object(_) => format_of(&found.name),
        });
        known.ok_or_else(|| SourceError::Unusable {
            input: found.name.to_string(),
            reason: "the name does not tell what is in it; set `format` to jsonl, json, csv or parquet"
                .to_owned(),
        })
    }

    /// A Parquet file is handed on as it stands, unless there is something to add to its rows.
    fn parquet(&mut self, found: Found, object: Option<ObjectReader>) -> Result<Option<Step>, SourceError> {
        let file = crate::parquet::examine(&found, object)?;
        if !self.config.file_columns.is_empty() && file.rows > 0 {
            let read = BytesRead::of(file.bytes);
            let rows = Rows::Columns(crate::parquet::batches(file)?);
            self.begin(found, rows, read);
            return Ok(None);
        }
        self.inputs.push(Input { name: found.name.to_string(), bytes: file.bytes, rows: file.rows });
        let change = self.seen.as_mut().map(|seen| seen.note(&found)).unwrap_or_default();
        Ok(Some(Step { page: Page::ParquetFile(file), change }))
    }

    /// The next page of one file, however small.
    fn read_page(&mut self) -> Result<Option<Step>, SourceError> {
        loop {
            let Some(current) = &mut self.current else {
                match self.advance()? {
                    Some(step) => return Ok(Some(step)),
                    None if self.current.is_some() => continue,
                    None => return Ok(None),
                }
            };
            let page = match self.next_of_current.take() {
                None => current.next_page(&mut self.columns)?,
                page => page,
            };
            let Some(page) = page else {
                self.end_current();
                continue;
            };
            let read = current.read.get();
            if let Some(input) = self.inputs.last_mut() {
                input.bytes = read;
                input.rows += page.rows();
            }
            if self.seen.is_some() {
                // What is remembered goes with the last page of a file.
                self.next_of_current = current.next_page(&mut self.columns)?;
                if self.next_of_current.is_none() {
                    let change = self.end_current();
                    return Ok(Some(Step { page, change }));
                }
            }
            return Ok(Some(Step { page, change: StateChange::default() }));
        }
    }

    /// Says what was found out about the current file, all of which was read.
    fn end_current(&mut self) -> StateChange {
        let Some(current) = self.current.take() else { return StateChange::default() };
        if let Rows::Csv(csv) = &current.rows {
            self.warnings.extend_from_slice(csv.warnings());
            self.last_delimiter = csv.found_delimiter();
            self.delimiters.note(self.last_delimiter, current.name());
        }
        if let Some(input) = self.inputs.last_mut() {
            input.bytes = current.read.get();
        }
        self.seen.as_mut().map(|seen| seen.note(&current.found)).unwrap_or_default()
    }

    fn note(&mut self, change: StateChange) {
        let before = std::mem::take(&mut self.change);
        self.change = before.then(change);
    }

    /// Takes away what earlier runs have read, and forgets what is not there any more.
    fn pass_over_seen(&mut self, inputs: &mut Vec<Found>, context: &OpenContext) -> Result<(), SourceError> {
        if !self.config.only_new_files || context.is_hidden {
            return Ok(());
        }
        if context.table.as_ref().is_some_and(|table| table.is_replaced()) {
            return Err(SourceError::Config(
                "`only_new_files` would leave only the newest files in a table that is replaced; set \
                 `write_disposition` to append or merge, or leave `only_new_files` out"
                    .to_owned(),
            ));
        }
        let mut seen = Seen::of(context.resource_state());
        self.change = seen.keep_only(inputs);
        inputs.retain(|found| !seen.has(found));
        self.seen = Some(seen);
        Ok(())
    }
}

impl Producer for FilesProducer {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        self.max_line_bytes = context.max_line_bytes;
        self.small_page_bytes = context.small_page_bytes;
        self.cancel = context.cancel.clone();
        let paths = &self.config.path.0;
        let mut findings = find(paths, &self.base_dir, self.config.allow_empty, &mut self.clients)?;
        // All names are looked at now, so that an odd one does not end a long run.
        let mut is_all_csv = true;
        for found in &findings.inputs {
            is_all_csv &= self.format(found)? == InputFormat::Csv;
        }
        self.columns = CsvColumns::of(context.table.clone(), !is_all_csv);
        self.check_unmatched(&findings, context)?;
        self.warnings.append(&mut findings.warnings);
        self.pass_over_seen(&mut findings.inputs, context)?;
        self.waiting = findings.inputs.into();
        Ok(self.waiting.iter().map(|found| found.bytes).sum())
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let first = match self.next.take() {
            None => self.read_page()?,
            step => step,
        };
        let Some(Step { mut page, change }) = first else { return Ok(None) };
        self.note(change);
        if let Page::Json(page) = &mut page {
            while page.text().len() < self.small_page_bytes && self.next.is_none() {
                match self.read_page()? {
                    Some(Step { page: Page::Json(next), change }) => {
                        page.append(next);
                        self.note(change);
                    }
                    Some(other) => self.next = Some(other),
                    None => break,
                }
            }
        }
        Ok(Some(page))
    }

    fn take_state_change(&mut self) -> StateChange {
        std::mem::take(&mut self.change)
    }

    fn resume(&self) -> Resume {
        // Files are remembered as a whole, and what is remembered is of use once all of them are in.
        if self.config.only_new_files { Resume::AtEnd } else { Resume::Never }
    }

    fn close(&mut self) {
        // Downloads end with their readers.
        self.ahead = Ahead::default();
        if let Some(Rows::Csv(csv)) = self.current.take().map(|current| current.rows) {
            self.last_delimiter = csv.found_delimiter();
        }
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
            _ => self.last_delimiter,
        };
        let finding = |mark| Finding { name: "delimiter", value: named(mark), is_found: true };
        csv.map(finding).into_iter().collect()
    }

    fn column_types(&self) -> Vec<(String, DataType)> {
        let mut types = self.columns.types();
        if self.config.file_columns.contains(&FileColumn::ModificationDate) {
            types.push((FileColumn::ModificationDate.key().to_owned(), DataType::Timestamp));
        }
        types
    }
}
