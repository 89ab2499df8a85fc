//! What went wrong at a destination, and what the caller should do about it.

use std::error::Error as StdError;
use std::fmt;

/// The result of talking to a destination.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller does next. Small on purpose; precise causes live in the source chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Try the same thing again later; the attempt count goes up.
    Transient,
    /// Another attempt fails as well; a person must look at the data or the table.
    Terminal,
    /// Stored data or a package is inconsistent; stop and touch nothing.
    Corrupt,
    /// Configuration or usage; fix the input.
    Invalid,
    /// Another run has moved what this load builds on.
    Conflict,
    /// Another program holds what is needed; worth another attempt, like [`Transient`](Self::Transient).
    Locked,
    /// The disk or bucket is full, which no further attempt changes; a person must make room.
    StorageFull,
}

/// An error with its kind, where it happened and how to get rid of it.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    remedy: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `message` is a lower-case fragment.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { inner: Box::new(Inner { kind, message: message.into(), remedy: None, source: None }) }
    }

    /// An error that may pass: the job is tried again.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Transient, message)
    }

    /// An error that another attempt would not change.
    pub fn terminal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Terminal, message)
    }

    /// What is stored contradicts itself.
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    /// The request is invalid: a setting, name or combination that is not supported.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// Another run committed first.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// Another program holds it.
    pub fn locked(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Locked, message)
    }

    /// Adds the cause; its text is part of the message already or shown with the chain of causes.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Says what the user can do, as a separate line.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.inner.remedy = Some(remedy.into());
        self
    }

    /// Says what the user can do, where that is known.
    #[must_use]
    pub fn with_known_remedy(self, remedy: Option<impl Into<String>>) -> Self {
        match remedy {
            Some(remedy) => self.with_remedy(remedy),
            None => self,
        }
    }

    /// Puts what was being done in front of the message.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.inner.message = format!("{doing}: {}", self.inner.message);
        self
    }

    /// What the caller should do.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Whether the same thing is worth another attempt soon. What is locked is not: who found it so has waited for it.
    pub fn is_retryable(&self) -> bool {
        self.inner.kind == ErrorKind::Transient
    }

    /// What the user can do, where it is known.
    pub fn remedy(&self) -> Option<&str> {
        self.inner.remedy.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("remedy", &self.inner.remedy)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
