//! Bad rows that are kept, with the reason, in files of the package.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use cartage_package_store::{Package, QuarantineDraft, QuarantineFileName, StagedPackage};
use cartage_schema::DiscardReason;
use serde::Serialize;

use crate::error::{BadRow, NormalizeError};
use crate::ids::file_id;

/// What a quarantine file says about a row.
#[derive(Serialize)]
struct KeptRow<'a> {
    source: &'a str,
    line: u64,
    reason: String,
    row: &'a str,
}

/// What a quarantine file says about something that a contract discarded.
#[derive(Serialize)]
struct KeptDiscard<'a> {
    source: &'a str,
    line: u64,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

/// The quarantine files of a package, one a table.
#[derive(Debug)]
pub(crate) struct Quarantine<'p> {
    package: &'p StagedPackage,
    tables: BTreeMap<String, OpenFile>,
    inherited: Vec<QuarantineDraft>,
}

#[derive(Debug)]
struct OpenFile {
    name: QuarantineFileName,
    path: PathBuf,
    writer: BufWriter<File>,
    rows: u64,
}

impl<'p> Quarantine<'p> {
    pub(crate) fn new(package: &'p StagedPackage) -> Self {
        Self { package, tables: BTreeMap::new(), inherited: Vec::new() }
    }

    /// Takes over what extract kept.
    pub(crate) fn inherit(&mut self, extracted: &Package) -> Result<(), NormalizeError> {
        for entry in &extracted.manifest().quarantine {
            let target = self.package.quarantine_path(&entry.name)?;
            std::fs::copy(extracted.quarantine_path(&entry.name), &target)
                .map_err(|source| NormalizeError::Quarantine { path: target, source })?;
            self.inherited.push(QuarantineDraft {
                name: entry.name.clone(),
                table: entry.table.clone(),
                rows: entry.rows,
            });
        }
        Ok(())
    }

    /// Keeps a bad row.
    pub(crate) fn keep(&mut self, row: &BadRow, text: &[u8]) -> Result<(), NormalizeError> {
        let (source, line) =
            row.source.as_ref().map_or((row.file.as_str(), row.row), |(source, line)| (source, *line));
        let text = String::from_utf8_lossy(text);
        let kept = KeptRow { source, line, reason: row.reason.to_string(), row: &text };
        self.append(&row.table, &kept)
    }

    /// Keeps a row, or a value of a row that was kept, with the place of its item.
    pub(crate) fn keep_discarded(
        &mut self,
        reason: &DiscardReason,
        is_value: bool,
        (source, line): (&str, u64),
        text: &str,
    ) -> Result<(), NormalizeError> {
        let (row, value) = if is_value { (None, Some(text)) } else { (Some(text), None) };
        let column = reason.column.as_deref();
        let kept = KeptDiscard { source, line, reason: reason.text(), column, row, value };
        self.append(&reason.table, &kept)
    }

    fn append(&mut self, table: &str, kept: &impl Serialize) -> Result<(), NormalizeError> {
        if !self.tables.contains_key(table) {
            let file = self.create(table)?;
            self.tables.insert(table.to_owned(), file);
        }
        let Some(file) = self.tables.get_mut(table) else { return Ok(()) };
        file.rows += 1;
        serde_json::to_writer(&mut file.writer, kept)
            .map_err(io::Error::from)
            .and_then(|()| file.writer.write_all(b"\n"))
            .map_err(|source| NormalizeError::Quarantine { path: file.path.clone(), source })
    }

    fn create(&self, table: &str) -> Result<OpenFile, NormalizeError> {
        // Extract names its files by other rules, so that this one cannot be taken.
        let id = format!("n{}", file_id(self.package.load_id().as_str(), table, 0));
        let name = QuarantineFileName::new(table, &id)?;
        let path = self.package.quarantine_path(&name)?;
        let file = File::create_new(&path)
            .map_err(|source| NormalizeError::Quarantine { path: path.clone(), source })?;
        Ok(OpenFile { name, path, writer: BufWriter::new(file), rows: 0 })
    }

    /// Closes the files and lists them.
    pub(crate) fn finish(self) -> Result<Vec<QuarantineDraft>, NormalizeError> {
        let mut drafts = self.inherited;
        for (table, mut file) in self.tables {
            file.writer.flush().map_err(|source| NormalizeError::Quarantine { path: file.path, source })?;
            drafts.push(QuarantineDraft { name: file.name, table, rows: file.rows });
        }
        Ok(drafts)
    }
}
