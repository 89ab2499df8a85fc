//! A mistake in the configuration that only shows when keys are looked at together.

use thiserror::Error;

/// A key, below the table that is being read, and what is wrong with it.
#[derive(Debug, Error)]
#[error("`{key}`: {reason}")]
pub struct ConfigIssue {
    /// The key with the tables above it, and dots between.
    pub key: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl ConfigIssue {
    pub(crate) fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }

    /// The same fault seen from the table above.
    #[must_use]
    pub(crate) fn under(self, key: &str) -> Self {
        Self { key: format!("{key}.{}", self.key), ..self }
    }
}

/// One of a few words.
pub(crate) fn word<'a>(key: &str, given: &str, known: &[&'a str]) -> Result<&'a str, ConfigIssue> {
    known.iter().find(|word| **word == given).copied().ok_or_else(|| {
        ConfigIssue::new(key, format!("`{given}` is not known; known are {}", known.join(", ")))
    })
}
