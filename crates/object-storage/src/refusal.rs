//! What errors of a client mean.

use object_store::Error;

/// What went wrong, as far as it tells people what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody may do this with these credentials.
    Denied,
    /// No credentials were found.
    NoCredentials,
    /// There is no such bucket.
    NoBucket,
    /// There is nothing of that name.
    NotFound,
    /// It is not what it was any more.
    Changed,
    /// The server does not know what it was asked for.
    NotSupported,
    /// The address is one without TLS, which is not allowed.
    PlainHttp,
    /// The name cannot be one of an object.
    InvalidName,
    /// A setting cannot be used.
    Invalid,
    /// The server has no room.
    Full,
    /// The server was not reached, or what answers there is none.
    Unreachable,
    /// Anything else; it may work later.
    Other,
}

impl Refusal {
    /// What an error means. The client has tried again where that was of use.
    pub fn of(error: &Error) -> Self {
        let text = all_of(error);
        // Some requests hand on the answer of the server without a kind of its own, such as lists.
        match (error, status(&text)) {
            _ if is_full(&text) => Self::Full,
            _ if text.contains("NoSuchBucket") || text.contains("ContainerNotFound") => Self::NoBucket,
            // The machine's role is asked for where nothing else is given.
            _ if text.contains("169.254.169.254") || text.contains("metadata.google.internal") => {
                Self::NoCredentials
            }
            _ if text.contains("URL scheme is not allowed") => Self::PlainHttp,
            (Error::NotFound { .. }, _) | (Error::Generic { .. }, Some(404)) => Self::NotFound,
            (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, _)
            | (Error::Generic { .. }, Some(401 | 403)) => Self::Denied,
            (Error::Precondition { .. }, _) | (Error::Generic { .. }, Some(412)) => Self::Changed,
            (Error::NotSupported { .. } | Error::NotImplemented { .. }, _) => Self::NotSupported,
            (Error::InvalidPath { .. }, _) => Self::InvalidName,
            (Error::UnknownConfigurationKey { .. }, _) => Self::Invalid,
            (Error::Generic { .. }, None) if is_unreachable(&text) => Self::Unreachable,
            _ => Self::Other,
        }
    }
}

/// An error with all its causes: what matters may be said by the last of them.
fn all_of(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

/// Whether a server says that it has no room. There is no kind of error for it, and servers name it differently.
fn is_full(answer: &str) -> bool {
    const WORDS: [&str; 5] =
        ["status code: 507", "QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "StorageFull"];
    WORDS.iter().any(|word| answer.contains(word))
}

fn is_unreachable(text: &str) -> bool {
    const WORDS: [&str; 6] = [
        "Connection refused",
        "dns error",
        "failed to lookup",
        "error trying to connect",
        "client error (Connect)",
        "relative URL without a base",
    ];
    WORDS.iter().any(|word| text.contains(word))
}

/// The HTTP status that the library quotes, where the server has refused a request.
fn status(text: &str) -> Option<u16> {
    let (_, behind) = text.split_once("status code: ")?;
    behind.get(..3)?.parse().ok()
}

/// Servers answer with pages of XML; the first line says what matters, and 400 characters of it.
pub fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_kind_and_by_what_servers_say() {
        let generic = |text: &str| Error::Generic { store: "S3", source: text.into() };
        let table = [
            (Error::NotFound { path: "x".into(), source: "status code: 404 No".into() }, Refusal::NotFound),
            (
                Error::NotFound { path: "x".into(), source: "<Code>NoSuchBucket</Code>".into() },
                Refusal::NoBucket,
            ),
            (Error::PermissionDenied { path: "x".into(), source: "no".into() }, Refusal::Denied),
            (Error::Precondition { path: "x".into(), source: "no".into() }, Refusal::Changed),
            (generic("status code: 403 Forbidden"), Refusal::Denied),
            (generic("status code: 404 Not Found: <Code>NoSuchBucket</Code>"), Refusal::NoBucket),
            (generic("status code: 507 Full"), Refusal::Full),
            (generic("builder error: URL scheme is not allowed"), Refusal::PlainHttp),
            (generic("tcp connect error: Connection refused (os error 111)"), Refusal::Unreachable),
            (
                generic("error sending request for url (http://169.254.169.254/latest)"),
                Refusal::NoCredentials,
            ),
            (generic("status code: 503 Busy"), Refusal::Other),
        ];
        for (error, refusal) in table {
            assert_eq!(Refusal::of(&error), refusal, "{error}");
        }
    }
}
