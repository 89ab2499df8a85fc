//! Columnar rows of one table: Arrow batches become Parquet files, Parquet files stay what they are.

use std::fs::File;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use cartage_package_store::{JobFileName, SourceRange};
use cartage_source_api::ParquetFile;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::WriterProperties;

use super::files::PackageFiles;
use super::settings::WriterSettings;
use crate::ExtractError;

/// Where one table's columnar rows go.
pub(super) struct ColumnsWriter {
    table: String,
    file: Option<OpenFile>,
}

struct OpenFile {
    name: JobFileName,
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    rows: u64,
}

impl ColumnsWriter {
    pub(super) fn new(table: &str) -> Self {
        Self { table: table.to_owned(), file: None }
    }

    /// Appends a batch. Another Arrow schema begins another file.
    pub(super) fn write(
        &mut self,
        files: &mut PackageFiles<'_>,
        settings: WriterSettings,
        batch: &RecordBatch,
    ) -> Result<(), ExtractError> {
        if self.file.as_ref().is_some_and(|file| file.schema != batch.schema()) {
            self.finish(files)?;
        }
        let mut start = 0;
        while start < batch.num_rows() {
            let mut file = self.take_file(files, settings, batch.schema())?;
            let room = settings.file_max_items - file.rows;
            let count = room.min((batch.num_rows() - start) as u64) as usize;
            let written = file.writer.write(&batch.slice(start, count));
            written.map_err(|source| self.error(&file.path, source))?;
            start += count;
            file.rows += count as u64;
            let bytes = (file.writer.bytes_written() + file.writer.in_progress_size()) as u64;
            let is_full = file.rows >= settings.file_max_items || bytes >= settings.file_max_bytes;
            self.file = Some(file);
            if is_full {
                self.finish(files)?;
            }
        }
        Ok(())
    }

    /// Puts a whole Parquet file into the package, after what was written before.
    pub(super) fn link(
        &mut self,
        files: &mut PackageFiles<'_>,
        file: &ParquetFile,
    ) -> Result<(), ExtractError> {
        self.finish(files)?;
        let (name, _) = files.name_parquet(&self.table)?;
        files.link(&file.path, &name)?;
        let origin =
            SourceRange { source: file.source.to_string(), first_line: 1, first_row: 0, rows: file.rows };
        files.finish_parquet(&self.table, name, (file.rows, file.uncompressed_bytes), vec![origin]);
        Ok(())
    }

    /// Closes the file, if one is open.
    pub(super) fn finish(&mut self, files: &mut PackageFiles<'_>) -> Result<(), ExtractError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let metadata = file.writer.close().map_err(|source| self.error(&file.path, source))?;
        let uncompressed: i64 = metadata.row_groups().iter().map(RowGroupMetaData::total_byte_size).sum();
        files.finish_parquet(&self.table, file.name, (file.rows, uncompressed.unsigned_abs()), Vec::new());
        Ok(())
    }

    fn take_file(
        &mut self,
        files: &mut PackageFiles<'_>,
        settings: WriterSettings,
        schema: SchemaRef,
    ) -> Result<OpenFile, ExtractError> {
        if let Some(file) = self.file.take() {
            return Ok(file);
        }
        let (name, path) = files.name_parquet(&self.table)?;
        let output =
            File::create_new(&path).map_err(|source| ExtractError::Io { path: path.clone(), source })?;
        let compression =
            if settings.disable_compression { Compression::UNCOMPRESSED } else { Compression::SNAPPY };
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_created_by("cartage".to_owned())
            .build();
        let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties))
            .map_err(|source| self.error(&path, source))?;
        Ok(OpenFile { name, path, schema, writer, rows: 0 })
    }

    fn error(&self, path: &std::path::Path, source: ParquetError) -> ExtractError {
        ExtractError::Parquet { table: self.table.clone(), path: path.to_owned(), source }
    }
}
