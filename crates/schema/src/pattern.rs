//! dlt's "simple regexes": exact names, or `re:` and a pattern that is searched.

use cartage_values::text::is_digit;
use regex::Regex;

use crate::naming::{Naming, escape_free};

const PREFIX: &str = "re:";

/// A compiled simple regex: an exact name, or `re:` and a pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Exact(String),
    Search(Regex),
}

/// A simple regex that cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// A plain name that starts like a pattern.
    #[error("`{0}` looks like a pattern; write `re:{0}` if it is one")]
    LooksLikePattern(String),
    /// A pattern that does not compile.
    #[error(
        "pattern `{pattern}` does not compile (look-around and back references are not supported): {source}"
    )]
    Syntax {
        /// The pattern without `re:`.
        pattern: String,
        /// What is wrong with it.
        source: Box<regex::Error>,
    },
}

impl Pattern {
    /// Compiles a simple regex. Names that start with another character than a letter, a digit or `_` are
    /// refused, because they were probably meant as a pattern.
    pub(crate) fn checked(text: &str) -> Result<Self, PatternError> {
        let special = |c: char| !(c.is_ascii_alphabetic() || c == '_' || is_digit(c));
        if !text.starts_with(PREFIX) && text.starts_with(special) {
            return Err(PatternError::LooksLikePattern(text.to_owned()));
        }
        Self::new(text)
    }

    /// Compiles a simple regex.
    ///
    /// # Errors
    /// [`PatternError::Syntax`].
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let kind = match text.strip_prefix(PREFIX) {
            None => Kind::Exact(text.to_owned()),
            Some(pattern) => Regex::new(pattern).map(Kind::Search).map_err(|source| {
                PatternError::Syntax { pattern: pattern.to_owned(), source: Box::new(source) }
            })?,
        };
        Ok(Self { kind })
    }

    /// Whether a name is the exact one, or the pattern is found in it.
    pub fn matches(&self, name: &str) -> bool {
        match &self.kind {
            Kind::Exact(exact) => exact == name,
            Kind::Search(regex) => regex.is_match(name),
        }
    }
}

/// Normalizes the name in a simple regex, if it is a plain name or a pattern for exactly one name.
pub(crate) fn normalize(naming: &Naming, text: &str) -> String {
    let plain = |pattern: &str| {
        let inner = pattern.strip_prefix('^').and_then(|inner| inner.strip_suffix('$'));
        match inner {
            Some(name) if escape_free(name) => format!("^{}$", naming.normalize_path(name)),
            None if escape_free(pattern) => naming.normalize_path(pattern),
            _ => pattern.to_owned(),
        }
    };
    match text.strip_prefix(PREFIX) {
        Some(pattern) => format!("{PREFIX}{}", plain(pattern)),
        None => plain(text),
    }
}

/// The form in which two simple regexes are compared: plain names and patterns for them are the same.
pub(crate) fn canonical(text: &str) -> String {
    if text.starts_with(PREFIX) { text.to_owned() } else { format!("{PREFIX}^{text}$") }
}
