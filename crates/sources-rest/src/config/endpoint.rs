//! A resource and its endpoint.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::auth::AuthTable;
use super::either::{as_written, form_or_text, text_or_table};
use super::paginator::PaginatorTable;

/// The table of a resource, without its hints.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceTable {
    pub(crate) endpoint: EndpointTable,
    pub(crate) include_from_parent: Vec<String>,
    pub(crate) processing_steps: Vec<StepTable>,
    pub(crate) selected: bool,
    pub(crate) parallelized: Option<bool>,
    /// Whether the state remembers after which page an interrupted run stopped.
    pub(crate) resume: bool,
}

impl Default for ResourceTable {
    fn default() -> Self {
        Self {
            endpoint: EndpointTable::default(),
            include_from_parent: Vec::new(),
            processing_steps: Vec::new(),
            selected: true,
            parallelized: None,
            resume: false,
        }
    }
}

/// The keys of `endpoint`, of a resource or of all resources.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EndpointTable {
    pub(crate) path: Option<String>,
    pub(crate) method: Option<String>,
    #[serde(deserialize_with = "as_written")]
    pub(crate) params: IndexMap<String, Value>,
    pub(crate) json: Option<Value>,
    #[serde(deserialize_with = "form_or_text")]
    pub(crate) data: Option<Value>,
    #[serde(deserialize_with = "as_written")]
    pub(crate) headers: IndexMap<String, Value>,
    #[serde(deserialize_with = "text_or_table")]
    pub(crate) paginator: Option<PaginatorTable>,
    pub(crate) data_selector: Option<String>,
    pub(crate) response_actions: Vec<ActionTable>,
    pub(crate) incremental: Option<Map<String, Value>>,
    #[serde(deserialize_with = "text_or_table")]
    pub(crate) auth: Option<AuthTable>,
}

/// One of `response_actions`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionTable {
    pub(crate) status_code: Option<u16>,
    pub(crate) content: Option<String>,
    pub(crate) action: String,
}

/// One of `processing_steps`, in jq.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StepTable {
    pub(crate) filter: Option<String>,
    pub(crate) map: Option<String>,
    pub(crate) yield_map: Option<String>,
}
