//! Files that exist as long as something needs them.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file in the folder for temporary files; the last clone removes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScratchFile(Arc<Scratch>);

#[derive(Debug, PartialEq, Eq)]
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is in a folder that the system cleans.
        let _ = fs::remove_file(&self.0);
    }
}

impl ScratchFile {
    /// Makes an empty file, open for writing.
    ///
    /// # Errors
    /// If the folder for temporary files cannot be written to.
    pub fn create() -> io::Result<(Self, File)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = std::env::temp_dir();
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("cartage-{}-{number}.tmp", std::process::id()));
            match File::create_new(&path) {
                Ok(file) => return Ok((Self(Arc::new(Scratch(path))), file)),
                // Of a process of the same number that was killed.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let said =
                        format!("cannot make {} ({error}); TMPDIR names another folder", path.display());
                    return Err(io::Error::new(error.kind(), said));
                }
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_clone_removes_the_file() {
        let (file, _) = ScratchFile::create().unwrap();
        let (other, _) = ScratchFile::create().unwrap();
        assert_ne!(file, other);
        let clone = file.clone();
        let path = clone.path().to_owned();
        drop(file);
        assert!(path.is_file());
        drop(clone);
        assert!(!path.exists());
    }
}
