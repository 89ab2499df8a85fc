//! What is said about a resource, whatever its pages are.

use std::sync::Arc;

use cartage_source_api::{Resume, RouteScope};
use serde_json::{Map, Value};

use crate::any::AnyResource;
use crate::limit::Limit;

/// What is said about a resource.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) hints: Map<String, Value>,
    pub(crate) limit: Limit,
    pub(crate) resume: Resume,
    /// How far its pages go, where that is not a matter of their type.
    pub(crate) reach: Option<RouteScope>,
    pub(crate) selected: bool,
    /// The resource whose pages it works on.
    pub(crate) parent: Option<Arc<AnyResource>>,
    /// Clones that make the same pages share it, so that they are made once.
    pub(crate) identity: Arc<()>,
}

impl Spec {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            hints: Map::new(),
            limit: Limit::default(),
            resume: Resume::default(),
            reach: None,
            selected: true,
            parent: None,
            identity: Arc::default(),
        }
    }
}
