//! A folder of files, and everything that a resource makes of it.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use cartage_runtime::{CancelToken, OnBadRow};
use cartage_schema::{DataType, Naming, NamingKind};
use cartage_source_api::{Input, JsonPage, OpenContext, Page, Producer, SourceError, TargetTable};
use cartage_sources_files::{FilesConfig, FilesProducer};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Folder(TempDir);

/// What a resource gave.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) pages: Vec<JsonPage>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) warnings: Vec<String>,
    /// What the columns must be, as the producer found out.
    pub(crate) column_types: Vec<(String, DataType)>,
    /// Bytes of input, as told beforehand.
    pub(crate) total: Option<u64>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// A producer of the resource with this configuration.
    pub(crate) fn producer(&self, config: &Value, on_bad: OnBadRow) -> FilesProducer {
        let config: FilesConfig = serde_json::from_value(config.clone()).unwrap();
        FilesProducer::new(config, self.0.path(), on_bad).unwrap()
    }

    pub(crate) fn read_with(&self, config: &Value, on_bad: OnBadRow) -> Result<Read, SourceError> {
        self.read_into(config, on_bad, table([]))
    }

    /// What a resource gives whose rows go to `table`.
    pub(crate) fn read_into(
        &self,
        config: &Value,
        on_bad: OnBadRow,
        table: TargetTable,
    ) -> Result<Read, SourceError> {
        let mut producer = self.producer(config, on_bad);
        let mut context = OpenContext::new(256 << 20, CancelToken::default());
        context.table = Some(Arc::new(table));
        let mut read = Read { total: producer.open(&context)?, ..Read::default() };
        while let Some(page) = producer.next_page()? {
            let Page::Json(page) = page else { panic!("rows of JSON") };
            read.pages.push(page);
        }
        read.inputs = producer.inputs();
        read.warnings = producer.warnings();
        read.column_types = producer.column_types();
        Ok(read)
    }

    pub(crate) fn read(&self, config: &Value) -> Read {
        self.read_with(config, OnBadRow::Fail).unwrap()
    }

    /// The rows as text, joined with blanks.
    pub(crate) fn rows(&self, config: &Value) -> String {
        self.read(config).rows()
    }

    /// The message of the error, with its causes.
    pub(crate) fn error(&self, config: &Value) -> String {
        self.error_into(config, table([]))
    }

    pub(crate) fn error_into(&self, config: &Value, table: TargetTable) -> String {
        let error = self.read_into(config, OnBadRow::Fail, table).unwrap_err();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    }
}

impl Folder {
    /// Why a resource cannot have this configuration.
    pub(crate) fn refused(&self, config: &Value) -> String {
        let config: FilesConfig = serde_json::from_value(config.clone()).unwrap();
        FilesProducer::new(config, self.0.path(), OnBadRow::Fail).unwrap_err().to_string()
    }
}

/// Everything that a producer gives, or its error with all causes.
pub(crate) fn read_all(producer: &mut FilesProducer) -> Result<Read, String> {
    let mut context = OpenContext::new(256 << 20, CancelToken::default());
    context.table = Some(Arc::new(table([])));
    let mut read = Read::default();
    let read_pages = |read: &mut Read, producer: &mut FilesProducer| {
        read.total = producer.open(&context)?;
        while let Some(page) = producer.next_page()? {
            let Page::Json(page) = page else { panic!("rows of JSON") };
            read.pages.push(page);
        }
        Ok(())
    };
    read_pages(&mut read, producer).map_err(|error: SourceError| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    })?;
    read.inputs = producer.inputs();
    read.warnings = producer.warnings();
    read.column_types = producer.column_types();
    Ok(read)
}

impl Read {
    pub(crate) fn text(&self) -> Vec<u8> {
        self.pages.iter().flat_map(|page| page.text().to_vec()).collect()
    }

    pub(crate) fn rows(&self) -> String {
        let text: Vec<u8> = self.pages.iter().flat_map(|page| page.text().to_vec()).collect();
        String::from_utf8(text).unwrap().trim_end().replace('\n', " ")
    }
}

/// A table that is appended to, with the types of some columns.
pub(crate) fn table<const N: usize>(types: [(&str, DataType); N]) -> TargetTable {
    let types = types.map(|(name, data_type)| (name.to_owned(), data_type));
    TargetTable::new(Naming::new(NamingKind::SnakeCase, None), false).with_types(types)
}

/// A table whose rows are replaced.
pub(crate) fn replaced_table() -> TargetTable {
    TargetTable::new(Naming::new(NamingKind::SnakeCase, None), true)
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
