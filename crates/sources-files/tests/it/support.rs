//! A folder of files, and everything that a resource makes of it.

use std::io::Write;
use std::path::PathBuf;

use cartage_extract::{Input, JsonPage, OpenContext, Page, Producer, SourceError};
use cartage_runtime::Cancel;
use cartage_sources_files::{FilesConfig, FilesProducer, OnBadRecord};
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
    pub(crate) fn producer(&self, config: &Value, on_bad: OnBadRecord) -> FilesProducer {
        let config: FilesConfig = serde_json::from_value(config.clone()).unwrap();
        FilesProducer::new(config, self.0.path(), on_bad).unwrap()
    }

    pub(crate) fn read_with(&self, config: &Value, on_bad: OnBadRecord) -> Result<Read, SourceError> {
        let mut producer = self.producer(config, on_bad);
        let mut read = Read {
            total: producer.open(&OpenContext::new(256 << 20, Cancel::default()))?,
            ..Read::default()
        };
        while let Some(page) = producer.next_page()? {
            let Page::Json(page) = page else { panic!("rows of JSON") };
            read.pages.push(page);
        }
        read.inputs = producer.inputs();
        read.warnings = producer.warnings();
        Ok(read)
    }

    pub(crate) fn read(&self, config: &Value) -> Read {
        self.read_with(config, OnBadRecord::Fail).unwrap()
    }

    /// The rows as text, joined with blanks.
    pub(crate) fn rows(&self, config: &Value) -> String {
        self.read(config).rows()
    }

    /// The message of the error, with its causes.
    pub(crate) fn error(&self, config: &Value) -> String {
        let error = self.read_with(config, OnBadRecord::Fail).unwrap_err();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    }
}

impl Read {
    pub(crate) fn rows(&self) -> String {
        let text: Vec<u8> = self.pages.iter().flat_map(|page| page.text().to_vec()).collect();
        String::from_utf8(text).unwrap().trim_end().replace('\n', " ")
    }
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
