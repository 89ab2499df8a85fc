//! What moves the bytes of asynchronous clients in the thread that calls.

use tokio::runtime::{Builder, Runtime};

use crate::error::SqlError;

/// An executor for one connection.
pub(crate) fn executor() -> Result<Runtime, SqlError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| SqlError::new(format!("cannot set up connections: {cause}")))
}
