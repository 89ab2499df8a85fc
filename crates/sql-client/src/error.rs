//! What is wrong with credentials, or keeps a client from being set up.

use std::error::Error as StdError;

use cartage_config::ConfigError;

/// Credentials that cannot be used. No message quotes a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// A key is unknown, absent, or has a value that it may not have.
    #[error(transparent)]
    Config(#[from] Box<ConfigError>),
    /// The credentials are read and cannot be used.
    #[error("{message}")]
    Unusable {
        /// What is wrong.
        message: String,
        /// What to do about it.
        remedy: Option<String>,
        /// What a library said.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
}

impl ClientError {
    /// Credentials that cannot be used for this reason.
    pub fn unusable(message: impl Into<String>) -> Self {
        Self::Unusable { message: message.into(), remedy: None, source: None }
    }

    /// The same with what to do.
    #[must_use]
    pub fn with_remedy(self, text: impl Into<String>) -> Self {
        match self {
            Self::Unusable { message, source, .. } => {
                Self::Unusable { message, remedy: Some(text.into()), source }
            }
            other => other,
        }
    }

    /// The same with what a library said.
    #[must_use]
    pub fn with_source(self, cause: impl StdError + Send + Sync + 'static) -> Self {
        match self {
            Self::Unusable { message, remedy, .. } => {
                Self::Unusable { message, remedy, source: Some(Box::new(cause)) }
            }
            other => other,
        }
    }

    /// What to do about it, where that is known.
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::Unusable { remedy, .. } => remedy.as_deref(),
            Self::Config(_) => None,
        }
    }
}

impl From<ConfigError> for ClientError {
    fn from(cause: ConfigError) -> Self {
        Self::Config(Box::new(cause))
    }
}
