//! Files that a program is given: its configuration, its catalog, its state. Nobody else can read them.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use cartage_source_api::SourceError;
use serde_json::Value;
use tempfile::TempDir;

/// A folder of files that is removed with this value.
#[derive(Debug)]
pub(crate) struct PrivateFiles(TempDir);

impl PrivateFiles {
    /// Makes a folder that only this user can look into.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn new() -> Result<Self, SourceError> {
        let made = tempfile::Builder::new().prefix("cartage-").tempdir();
        made.map(Self).map_err(|error| failed(&std::env::temp_dir(), &error))
    }

    /// The folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// Writes a document, or writes it anew.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&self, name: &str, document: &Value) -> Result<PathBuf, SourceError> {
        self.write_text(name, &document.to_string())
    }

    /// Writes a text.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write_text(&self, name: &str, text: &str) -> Result<PathBuf, SourceError> {
        let path = self.0.path().join(name);
        write_private(&path, text).map_err(|error| failed(&path, &error))?;
        Ok(path)
    }
}

/// Writes a text to a file that only this user can read.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn failed(path: &Path, error: &io::Error) -> SourceError {
    SourceError::Config(format!("cannot write the file {} for the program: {error}", path.display()))
}
