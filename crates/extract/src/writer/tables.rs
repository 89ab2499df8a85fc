//! The writers of all tables of a package.

use cartage_package_store::{QuarantineDraft, StagedPackage};
use cartage_runtime::Random;
use cartage_source_api::{JsonPage, Page, RejectedRow};
use indexmap::IndexMap;

use super::files::PackageFiles;
use super::parquet::ColumnsWriter;
use super::quarantine::QuarantineWriter;
use super::rows::RowsWriter;
use super::settings::WriterSettings;
use crate::ExtractError;

/// Rows go in, files come out. Rows of a table keep the order in which they were handed over, except
/// that JSON rows and columnar rows of one table are in separate files.
pub(crate) struct TableWriters<'a> {
    files: PackageFiles<'a>,
    staged: &'a StagedPackage,
    random: &'a dyn Random,
    /// Bytes of rows that may wait, of all tables.
    buffered_bytes: usize,
    tables: IndexMap<String, TableWriter>,
    buffered: usize,
}

struct TableWriter {
    rows: RowsWriter,
    columns: ColumnsWriter,
    quarantine: Option<QuarantineWriter>,
    has_files: bool,
    /// Rows that have got a number.
    numbered: u64,
}

impl<'a> TableWriters<'a> {
    pub(crate) fn new(
        files: PackageFiles<'a>,
        staged: &'a StagedPackage,
        random: &'a dyn Random,
        buffered_bytes: usize,
    ) -> Self {
        Self { files, staged, random, buffered_bytes, tables: IndexMap::new(), buffered: 0 }
    }

    /// Writes a page as the settings of its resource say.
    pub(crate) fn write(
        &mut self,
        table: &str,
        page: &Page,
        settings: WriterSettings,
    ) -> Result<(), ExtractError> {
        match page {
            Page::Json(page) => self.write_json(table, page, settings),
            Page::Arrow(batch) => {
                let (writer, files) = self.parts(table);
                writer.has_files = true;
                writer.columns.write(files, settings, batch)
            }
            Page::ParquetFile(file) => {
                let (writer, files) = self.parts(table);
                writer.has_files = true;
                writer.columns.link(files, file)
            }
            Page::Message(_) => Ok(()),
        }
    }

    /// The load id of the package, and numbers for this many rows of a table, by the first of them: each is handed
    /// out once.
    pub(crate) fn number(&mut self, table: &str, rows: u64) -> (&'a str, u64) {
        let staged = self.staged;
        let (writer, _) = self.parts(table);
        let first = writer.numbered;
        writer.numbered += rows;
        (staged.load_id().as_str(), first)
    }

    /// Gives the table a file without rows, unless it has one: its rows at the destination are replaced
    /// by none.
    pub(crate) fn write_empty(&mut self, table: &str, settings: WriterSettings) -> Result<(), ExtractError> {
        let (writer, files) = self.parts(table);
        if !std::mem::replace(&mut writer.has_files, true) {
            let file = files.begin_rows(table, settings.disable_compression)?;
            files.close(file, Vec::new());
        }
        Ok(())
    }

    /// Keeps what is not a row, or what a contract discards.
    pub(crate) fn keep(&mut self, table: &str, rows: &[RejectedRow]) -> Result<(), ExtractError> {
        if rows.is_empty() { Ok(()) } else { self.quarantine(table)?.write(rows) }
    }

    /// Whether the table has a file.
    pub(crate) fn has_files(&self, table: &str) -> bool {
        self.tables.get(table).is_some_and(|writer| writer.has_files)
    }

    /// Closes the files of a table, to which no more rows come.
    pub(crate) fn close(&mut self, table: &str) -> Result<(), ExtractError> {
        if let Some(writer) = self.tables.get_mut(table) {
            self.buffered -= writer.rows.buffered();
            writer.rows.finish(&mut self.files)?;
            writer.columns.finish(&mut self.files)?;
        }
        Ok(())
    }

    /// Closes all files and waits until they are written.
    pub(crate) fn finish(
        mut self,
    ) -> Result<(Vec<cartage_package_store::FileDraft>, Vec<QuarantineDraft>), ExtractError> {
        let mut quarantine = Vec::new();
        for writer in self.tables.into_values() {
            let TableWriter { mut rows, mut columns, quarantine: rejected, .. } = writer;
            rows.finish(&mut self.files)?;
            columns.finish(&mut self.files)?;
            quarantine.extend(rejected.map(QuarantineWriter::finish).transpose()?);
        }
        Ok((self.files.finish()?, quarantine))
    }

    fn write_json(
        &mut self,
        table: &str,
        page: &JsonPage,
        settings: WriterSettings,
    ) -> Result<(), ExtractError> {
        let (writer, files) = self.parts(table);
        let before = writer.rows.buffered();
        writer.has_files |= page.rows() > 0;
        writer.rows.write(files, settings, page)?;
        let after = writer.rows.buffered();
        self.buffered = self.buffered + after - before;
        self.keep(table, page.rejected())?;
        if self.buffered > self.buffered_bytes {
            self.write_largest()?;
        }
        Ok(())
    }

    fn write_largest(&mut self) -> Result<(), ExtractError> {
        // Of equally large ones the first, so that the result is the same each time.
        let largest = self.tables.values_mut().rev().max_by_key(|writer| writer.rows.buffered());
        if let Some(writer) = largest {
            self.buffered -= writer.rows.buffered();
            writer.rows.end_block(&mut self.files)?;
        }
        Ok(())
    }

    fn quarantine(&mut self, table: &str) -> Result<&mut QuarantineWriter, ExtractError> {
        let (staged, random) = (self.staged, self.random);
        let slot = &mut self.parts(table).0.quarantine;
        if slot.is_none() {
            *slot = Some(QuarantineWriter::create(staged, table, &random.file_id())?);
        }
        Ok(slot.as_mut().expect("just filled"))
    }

    fn parts(&mut self, table: &str) -> (&mut TableWriter, &mut PackageFiles<'a>) {
        if !self.tables.contains_key(table) {
            let writer = TableWriter {
                rows: RowsWriter::new(table),
                columns: ColumnsWriter::new(table),
                quarantine: None,
                has_files: false,
                numbered: 0,
            };
            self.tables.insert(table.to_owned(), writer);
        }
        let writer = self.tables.get_mut(table).expect("just inserted");
        (writer, &mut self.files)
    }
}
