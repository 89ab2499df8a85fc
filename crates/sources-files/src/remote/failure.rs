//! Why an object could not be found or read, and what to do.

use std::io;

use cartage_config::Secrets;
use cartage_object_storage::{Refusal, first_line};
use cartage_source_api::SourceError;

const KEYS: &str = "`credentials` of the source, or the variables of the cloud";

/// Why an object cannot be used, in words that hold no secret.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) refusal: Refusal,
    reason: String,
}

impl Failure {
    /// What a client says.
    pub(super) fn of(error: &object_store::Error, secrets: &Secrets) -> Self {
        let refusal = Refusal::of(error);
        let said = first_line(&secrets.hide(&error.to_string()));
        let reason = match refusal {
            Refusal::Denied => {
                format!("the server denies it; check {KEYS}, and that they may list and read there ({said})")
            }
            Refusal::NoCredentials => {
                format!(
                    "no credentials were found; set {KEYS}, or AWS_SKIP_SIGNATURE=true for a public bucket ({said})"
                )
            }
            Refusal::NoBucket => {
                format!("there is no such bucket; check its name and `endpoint_url` ({said})")
            }
            Refusal::NotFound => {
                "there is no such object; check its name, or name several with a pattern such as `*.jsonl`"
                    .to_owned()
            }
            Refusal::Changed => return Self::changed(),
            Refusal::PlainHttp => {
                "the address of the server begins with http://, which is not allowed; use https, or \
                                   set `allow_http = true` in `credentials` (or AWS_ALLOW_HTTP=true, \
                                   AZURE_ALLOW_HTTP, GOOGLE_ALLOW_HTTP)"
                    .to_owned()
            }
            Refusal::Unreachable => format!(
                "the server cannot be reached; check `endpoint_url` or AWS_ENDPOINT_URL, the name of the host and the \
                 network ({said})"
            ),
            Refusal::InvalidName => {
                format!(
                    "names with empty, `.` or `..` steps or control characters are not read; rename the object ({said})"
                )
            }
            _ => format!("{said}; run again, and look at the server if it stays so"),
        };
        Self { refusal, reason }
    }

    /// There is nothing at an address of the web.
    pub(super) fn no_page() -> Self {
        let reason = "there is nothing at this address, or it may not be asked for; check it".to_owned();
        Self { refusal: Refusal::NotFound, reason }
    }

    /// The object is another one than was listed.
    pub(super) fn changed() -> Self {
        let reason = "the object was changed while it was read; nothing was published, run again".to_owned();
        Self { refusal: Refusal::Changed, reason }
    }

    /// The object ends before its end, however often it is asked for.
    pub(super) fn ends_early(at: u64, size: u64) -> Self {
        let reason = format!(
            "the server sends {at} of {size} bytes and no more; run again, and store the object anew if it stays so"
        );
        Self { refusal: Refusal::Other, reason }
    }

    /// The connection broke, and the server cannot go on in the middle.
    pub(super) fn no_ranges(at: u64) -> Self {
        let reason = format!(
            "the connection broke after {at} bytes, and the server sends no parts of objects; run again, or copy the \
             object to a bucket or this machine first"
        );
        Self { refusal: Refusal::Other, reason }
    }

    /// Whatever the task was doing when it ended.
    pub(super) fn broken_off() -> Self {
        Self { refusal: Refusal::Other, reason: "the download was broken off; run again".to_owned() }
    }

    /// As an error about an input.
    pub(super) fn about(self, input: &str) -> SourceError {
        SourceError::Unusable { input: input.to_owned(), reason: self.reason }
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        Self::other(failure.reason)
    }
}
