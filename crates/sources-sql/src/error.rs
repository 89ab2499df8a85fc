//! What can go wrong with a database, in one form for all of them.

use cartage_source_api::SourceError;
use cartage_sql_client::ClientError;

/// A database that cannot be read. No message holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", remedy.as_ref().map(|remedy| format!("; {remedy}")).unwrap_or_default())]
pub struct SqlError {
    message: String,
    remedy: Option<String>,
}

impl SqlError {
    /// An error with what is wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: None }
    }

    /// The same with what to do.
    #[must_use]
    pub(crate) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The same with what was being done in front.
    #[must_use]
    pub(crate) fn context(mut self, doing: &str) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    /// As the error of a source that messages call `input`.
    pub(crate) fn of_input(&self, input: &str) -> SourceError {
        SourceError::Unusable { input: input.to_owned(), reason: self.to_string() }
    }
}

impl From<ClientError> for SqlError {
    fn from(cause: ClientError) -> Self {
        Self { message: cause.to_string(), remedy: cause.remedy().map(str::to_owned) }
    }
}

/// Why a value does not fit its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueError {
    /// What is wrong with it.
    pub(crate) reason: String,
    /// A better way out than text; `{column}` stands for the name of the column.
    remedy: Option<&'static str>,
}

impl ValueError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: None }
    }

    /// The same with a way out, in which `{column}` stands for the name of the column.
    #[cfg(feature = "sqlite")]
    pub(crate) fn with_remedy(mut self, remedy: &'static str) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// With the column, and the way out that always works.
    pub(crate) fn in_column(self, column: &str, declared: &str) -> SqlError {
        let better = self.remedy.map(|remedy| format!("{}; ", remedy.replace("{column}", column)));
        SqlError::new(format!("column `{column}` ({declared}): {}", self.reason)).with_remedy(format!(
            "{}to load all its values as text, set `columns.{column}.data_type = \"text\"` on the resource; or exclude such \
             rows with `where`",
            better.unwrap_or_default()
        ))
    }
}
