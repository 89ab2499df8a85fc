//! What disks and buckets say, as kinds: which errors are worth another attempt.

use std::io;
use std::path::Path;

use cartage_destinations_api::{Error, ErrorKind, Secrets};
use cartage_object_storage::{Refusal, first_line};

/// An error of a local file.
pub(crate) fn local(doing: &str, path: &Path, cause: io::Error) -> Error {
    let (kind, remedy) = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            ErrorKind::StorageFull,
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
    Error::new(kind, format!("cannot {doing} {}: {cause}", path.display()))
        .with_source(cause)
        .with_known_remedy(remedy)
}

const CREDENTIALS: &str =
    "check 'credentials' of the destination, and that they may list, read, write and delete";

const PLAIN_HTTP: &str = "the address of the server begins with http://: set 'endpoint_url' in 'credentials' to it, or \
                          the variable AWS_ALLOW_HTTP=true (AZURE_ALLOW_HTTP, GOOGLE_ALLOW_HTTP)";

/// An error of a bucket. The library has tried again where that was of use, so what is left of the kind that
/// cannot be told is transient.
pub(crate) fn bucket(doing: &str, place: &str, cause: &object_store::Error, secrets: &Secrets) -> Error {
    let text = secrets.hide(&cause.to_string());
    let (kind, remedy) = match Refusal::of(cause) {
        Refusal::Full => (
            ErrorKind::StorageFull,
            Some(
                "the bucket is full: make room or raise its quota, and run again; nothing was half published",
            ),
        ),
        Refusal::NotFound | Refusal::NoBucket => {
            (ErrorKind::Invalid, Some("check the bucket's name in 'bucket_url', and that it exists"))
        }
        Refusal::Denied => (ErrorKind::Invalid, Some(CREDENTIALS)),
        Refusal::NotSupported => (
            ErrorKind::Invalid,
            Some(
                "the server cannot write only where nothing is yet; set conditional_put = false to do without",
            ),
        ),
        Refusal::PlainHttp => (ErrorKind::Invalid, Some(PLAIN_HTTP)),
        Refusal::InvalidName | Refusal::Invalid => (ErrorKind::Invalid, None),
        Refusal::NoCredentials => (ErrorKind::Transient, Some(CREDENTIALS)),
        _ => (ErrorKind::Transient, None),
    };
    Error::new(kind, format!("cannot {doing} {place}: {}", first_line(&text))).with_known_remedy(remedy)
}

#[cfg(test)]
mod tests {
    use object_store::Error as Cause;

    use super::*;

    #[test]
    fn what_a_bucket_says_is_worth_another_attempt_or_a_change_of_the_settings() {
        let because = || Box::<dyn std::error::Error + Send + Sync>::from("server said so");
        let path = || "data/items".to_owned();
        let table = [
            // 404, 403, 401: what stands in the settings is wrong.
            (Cause::NotFound { path: path(), source: because() }, ErrorKind::Invalid, true),
            (Cause::PermissionDenied { path: path(), source: because() }, ErrorKind::Invalid, true),
            (Cause::Unauthenticated { path: path(), source: because() }, ErrorKind::Invalid, true),
            // 412 and 501 to a conditional put: the server does not know it.
            (Cause::NotImplemented { operation: path(), implementer: path() }, ErrorKind::Invalid, true),
            // 409, 429, 5xx and broken connections, after the library has tried again.
            (Cause::Precondition { path: path(), source: because() }, ErrorKind::Transient, false),
            (Cause::Generic { store: "S3", source: because() }, ErrorKind::Transient, false),
            (
                Cause::Generic { store: "S3", source: "status code: 503 Busy".into() },
                ErrorKind::Transient,
                false,
            ),
            // What lists say.
            (Cause::Generic { store: "S3", source: "status code: 401 No".into() }, ErrorKind::Invalid, true),
            (Cause::Generic { store: "S3", source: "status code: 403 No".into() }, ErrorKind::Invalid, true),
        ];
        for (cause, kind, has_remedy) in table {
            let error = bucket("read", "s3://b/data/items", &cause, &Secrets::default());
            assert_eq!((error.kind(), error.remedy().is_some()), (kind, has_remedy), "{cause}");
        }
    }

    #[test]
    fn what_a_disk_says_is_told_apart() {
        let table = [
            (io::ErrorKind::StorageFull, ErrorKind::StorageFull),
            (io::ErrorKind::QuotaExceeded, ErrorKind::StorageFull),
            (io::ErrorKind::PermissionDenied, ErrorKind::Invalid),
            (io::ErrorKind::ReadOnlyFilesystem, ErrorKind::Invalid),
            (io::ErrorKind::NotADirectory, ErrorKind::Invalid),
            (io::ErrorKind::Interrupted, ErrorKind::Transient),
            (io::ErrorKind::TimedOut, ErrorKind::Transient),
        ];
        for (cause, kind) in table {
            assert_eq!(local("write", Path::new("x"), cause.into()).kind(), kind, "{cause:?}");
        }
    }

    #[test]
    fn secrets_that_a_server_quotes_are_hidden() {
        let because = format!("{} hush-token {}", "x".repeat(390), "y".repeat(100));
        let cause = Cause::Generic { store: "S3", source: because.into() };
        let error = bucket("read", "s3://b", &cause, &Secrets::new(["hush-token"]));
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}
