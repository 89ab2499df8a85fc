//! What disks and buckets say, as kinds: which errors are worth another attempt.

use std::io;
use std::path::Path;

use cartage_destinations_api::{Error, ErrorKind};

/// An error of a local file.
pub(crate) fn local(doing: &str, path: &Path, cause: io::Error) -> Error {
    let (kind, remedy) = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            ErrorKind::NoRoom,
            Some("the disk is full: free some space and run again; nothing was half published"),
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            (ErrorKind::Invalid, Some("make the folder of 'bucket_url' writable, or name another one"))
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::InvalidFilename => (
            ErrorKind::Invalid,
            Some("move away what is in the way, or name another folder with 'bucket_url'"),
        ),
        _ => (ErrorKind::Transient, None),
    };
    let error = Error::new(kind, format!("cannot {doing} {}: {cause}", path.display())).with_source(cause);
    match remedy {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

/// An error of a bucket. The library has tried again where that was of use, so what is left of the kind that
/// cannot be told is transient.
pub(crate) fn bucket(doing: &str, place: &str, cause: &object_store::Error) -> Error {
    use object_store::Error as Cause;
    let (kind, remedy) = match cause {
        _ if is_full(&cause.to_string()) => (
            ErrorKind::NoRoom,
            Some(
                "the bucket is full: make room or raise its quota, and run again; nothing was half published",
            ),
        ),
        Cause::NotFound { .. } => {
            (ErrorKind::Invalid, Some("check the bucket's name in 'bucket_url', and that it exists"))
        }
        Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. } => (
            ErrorKind::Invalid,
            Some("check 'credentials' of the destination, and that they may list, read, write and delete"),
        ),
        Cause::NotSupported { .. } | Cause::NotImplemented { .. } => (
            ErrorKind::Invalid,
            Some(
                "the server cannot write only where nothing is yet; set conditional_put = false to do without",
            ),
        ),
        Cause::InvalidPath { .. } | Cause::UnknownConfigurationKey { .. } => (ErrorKind::Invalid, None),
        _ => (ErrorKind::Transient, None),
    };
    let error = Error::new(kind, format!("cannot {doing} {place}: {}", first_line(&cause.to_string())));
    match remedy {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

/// Whether a server says that it has no room. There is no kind of error for it, and servers name it differently.
fn is_full(answer: &str) -> bool {
    const WORDS: [&str; 5] =
        ["status code: 507", "QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "StorageFull"];
    WORDS.iter().any(|word| answer.contains(word))
}

/// Servers answer with pages of XML; the first line says what matters.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(400).collect()
}
