//! What functions of the user may return as an error.

use std::error::Error;

use cartage_source_api::SourceError;

/// Any error. The extract ends with it and with the name of the resource.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Errors of the extract stay what they are, all others are the user's.
pub(crate) fn source_error(error: BoxError) -> SourceError {
    match error.downcast::<SourceError>() {
        Ok(error) => *error,
        Err(error) => SourceError::Other(error),
    }
}
