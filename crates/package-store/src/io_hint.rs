//! Remedies for errors of the file system.

use std::io;

/// The remedy for an error of the file system, where it is one of the usual ones.
///
/// Public because writers of job files meet the same errors on the same disk.
pub fn io_hint(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::StorageFull => {
            Some("the disk is full: free some space and run again; nothing was half published")
        }
        Kind::QuotaExceeded => {
            Some("the disk quota is used up: free some space and run again; nothing was half published")
        }
        Kind::PermissionDenied => {
            Some("give this user write permission, or set CARTAGE_DATA_DIR to a folder that it may write to")
        }
        Kind::ReadOnlyFilesystem => {
            Some("the file system is mounted read-only: set CARTAGE_DATA_DIR to a folder on another one")
        }
        Kind::NotADirectory => {
            Some("a file is where a folder should be: move it away, or set CARTAGE_DATA_DIR")
        }
        Kind::NotFound => Some(
            "a file or folder was removed meanwhile: check that no other program cleans up the data folder",
        ),
        _ => None,
    }
}
