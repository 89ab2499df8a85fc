//! Files that a program is given: its configuration, its catalog, its state. Nobody else can read them.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
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

    /// Writes a text. The name may have folders in it, which are made.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write_text(&self, name: &str, text: &str) -> Result<PathBuf, SourceError> {
        let path = self.0.path().join(name);
        write_private(&path, text).map_err(|error| failed(&path, &error))?;
        Ok(path)
    }
}

/// Writes a text to a file that only this user can read, in a folder that only this user can look into.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn failed(path: &Path, error: &io::Error) -> SourceError {
    SourceError::Config(format!("cannot write the file {} for the program: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn folders_are_private_and_go_with_the_value() {
        let files = PrivateFiles::new().unwrap();
        files.write_text("package/one.py", "1").unwrap();
        let path = files.write_text("package/two.py", "2").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "2");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let folder = files.folder();
        drop(files);
        assert!(!folder.exists());
    }
}
