//! Job files of the tables: row groups are appended in order, and files are closed when they are full or the
//! columns change.

use std::collections::BTreeMap;
use std::sync::Arc;

use cartage_data_files::blocks::FileStats;
use cartage_package_store::{Checksum, DataWriter, FileDraft, JobFileName, StagedPackage, WrittenFile};

use crate::error::NormalizeError;
use crate::ids::file_id;
use crate::output::{EncodedRows, FileLayout, FileWriter, OutputOptions};

/// Tables up to which every job file being written stays open.
const MAX_OPEN_FILES: usize = 64;

/// Writes the job files of all tables.
#[derive(Debug)]
pub(crate) struct JobWriter<'p> {
    package: &'p StagedPackage,
    settings: DataWriter,
    options: OutputOptions,
    tables: BTreeMap<Arc<str>, TableFiles>,
}

#[derive(Debug, Default)]
struct TableFiles {
    open: Option<OpenFile>,
    /// Row groups that were encoded before earlier ones.
    early: BTreeMap<u64, (FileLayout, EncodedRows)>,
    next_row_group: u64,
    files: u32,
    done: Vec<FileDraft>,
}

#[derive(Debug)]
struct OpenFile {
    name: JobFileName,
    layout: FileLayout,
    writer: FileWriter,
}

impl<'p> JobWriter<'p> {
    pub(crate) fn new(package: &'p StagedPackage, settings: &DataWriter, options: &OutputOptions) -> Self {
        Self { package, settings: settings.clone(), options: options.clone(), tables: BTreeMap::new() }
    }

    /// Takes a row group, and writes it as soon as all before it are written.
    ///
    /// # Errors
    /// [`NormalizeError::Parquet`] or [`NormalizeError::Text`] if a file cannot be written.
    pub(crate) fn append(
        &mut self,
        table: &Arc<str>,
        number: u64,
        layout: FileLayout,
        group: EncodedRows,
    ) -> Result<(), NormalizeError> {
        let may_stay_open = self.tables.len() < MAX_OPEN_FILES;
        let Self { package, settings, options, tables } = self;
        let files = tables.entry(Arc::clone(table)).or_default();
        files.early.insert(number, (layout, group));
        while let Some((layout, group)) = files.early.remove(&files.next_row_group) {
            files.next_row_group += 1;
            files.write(package, settings, options, table, layout, group)?;
        }
        if let Some(open) = files.open.as_mut().filter(|_| !may_stay_open) {
            open.writer.rest();
        }
        Ok(())
    }

    /// The name of the next job file of a table, for a file that is not written here.
    ///
    /// # Errors
    /// [`NormalizeError::FileName`].
    pub(crate) fn next_name(&mut self, table: &str) -> Result<JobFileName, NormalizeError> {
        let files = self.tables.entry(table.into()).or_default();
        files.next_name(self.package, &self.options, table)
    }

    /// Whether Parquet files can be taken over as they are.
    pub(crate) fn takes_parquet(&self) -> bool {
        self.options.is_parquet()
    }

    /// Adds a job file that was not written here.
    pub(crate) fn add(&mut self, file: FileDraft) {
        self.tables.entry(file.table.as_str().into()).or_default().done.push(file);
    }

    /// Writes a file without rows.
    ///
    /// # Errors
    /// [`NormalizeError::Parquet`] or [`NormalizeError::Text`] if it cannot be written.
    pub(crate) fn write_empty(&mut self, table: &str, layout: &FileLayout) -> Result<(), NormalizeError> {
        let files = self.tables.entry(table.into()).or_default();
        let name = files.next_name(self.package, &self.options, table)?;
        let writer = layout.create(&self.package.job_path(&name))?;
        files.done.push(draft(name, table, &writer.finish()?));
        Ok(())
    }

    /// Whether a table has any file.
    pub(crate) fn has_files(&self, table: &str) -> bool {
        self.tables.get(table).is_some_and(|files| files.open.is_some() || !files.done.is_empty())
    }

    /// Closes all files and lists them, by table and in the order of their rows.
    ///
    /// # Errors
    /// [`NormalizeError::Parquet`] or [`NormalizeError::Text`] if a file cannot be written.
    pub(crate) fn finish(mut self) -> Result<Vec<FileDraft>, NormalizeError> {
        let mut all = Vec::new();
        for (table, files) in &mut self.tables {
            files.close(table)?;
            all.append(&mut files.done);
        }
        Ok(all)
    }
}

impl TableFiles {
    fn write(
        &mut self,
        package: &StagedPackage,
        settings: &DataWriter,
        options: &OutputOptions,
        table: &str,
        layout: FileLayout,
        group: EncodedRows,
    ) -> Result<(), NormalizeError> {
        if self.open.as_ref().is_some_and(|open| !open.layout.continues(&layout)) {
            self.close(table)?;
        }
        let open = if let Some(open) = &mut self.open {
            open
        } else {
            let name = self.next_name(package, options, table)?;
            let writer = layout.create(&package.job_path(&name))?;
            self.open.insert(OpenFile { name, layout, writer })
        };
        let before = open.writer.bytes();
        open.writer.append(group)?;
        package.appended(&open.name, open.writer.bytes() - before);
        let rows_full = settings.file_max_items.is_some_and(|limit| open.writer.rows() >= limit);
        let bytes_full = settings.file_max_bytes.is_some_and(|limit| open.writer.bytes() >= limit);
        if rows_full || bytes_full {
            self.close(table)?;
        }
        Ok(())
    }

    fn next_name(
        &mut self,
        package: &StagedPackage,
        options: &OutputOptions,
        table: &str,
    ) -> Result<JobFileName, NormalizeError> {
        let id = file_id(package.load_id().as_str(), table, self.files);
        self.files += 1;
        let (format, codec) = options.extension();
        Ok(JobFileName::new(table, &id, format, codec)?)
    }

    fn close(&mut self, table: &str) -> Result<(), NormalizeError> {
        if let Some(open) = self.open.take() {
            self.done.push(draft(open.name, table, &open.writer.finish()?));
        }
        Ok(())
    }
}

/// What the manifest says about a file.
fn draft(name: JobFileName, table: &str, stats: &FileStats) -> FileDraft {
    FileDraft {
        rows: stats.rows,
        uncompressed_bytes: stats.uncompressed_bytes,
        written: Some(WrittenFile { bytes: stats.bytes, checksum: Checksum::from_u128(stats.checksum) }),
        ..FileDraft::new(name, table)
    }
}
