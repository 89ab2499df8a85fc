//! What can be wrong with a stored state.

/// A state that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The document is not a JSON object.
    #[error("pipeline state is not a valid JSON object: {0}")]
    Json(#[from] serde_json::Error),
    /// The encoded state is base64, but what is in it cannot be decompressed.
    #[error("encoded pipeline state cannot be decompressed: {0}")]
    Compression(std::io::Error),
    /// A key is missing or has a value of the wrong type.
    #[error("pipeline state has no usable `{key}`")]
    Key {
        /// The key that is missing or has an unusable value.
        key: &'static str,
    },
    /// The state was written by a newer engine.
    #[error(
        "state of pipeline `{pipeline}` has engine version {found}, this program supports up to {known}; use a newer \
         version of it"
    )]
    NewerEngine {
        /// Name of the pipeline.
        pipeline: String,
        /// Engine version of the document.
        found: u64,
        /// Newest engine version that can be read.
        known: u64,
    },
}
