//! What is asked of a program when it is read.

use cartage_runtime::CancelToken;
use cartage_source_api::CursorRange;
use serde_json::{Map, Value};

/// What is asked for. Resources are numbered in the order in which the source lists them.
#[derive(Clone, Debug)]
pub(crate) struct ReadRequest {
    /// The resources that take part.
    pub(crate) resources: Vec<RequestedResource>,
    /// What the source remembers; below `resources` what each resource does.
    pub(crate) state: Map<String, Value>,
    /// Longest row that is accepted, in bytes of JSON text.
    pub(crate) max_row_bytes: usize,
    /// Whether the run was cancelled.
    pub(crate) cancel: CancelToken,
}

/// A resource that takes part.
#[derive(Clone, Debug)]
pub(crate) struct RequestedResource {
    pub(crate) number: usize,
    /// The range of its cursor in this run, where it has one of ours.
    pub(crate) cursor: Option<CursorRange>,
}
