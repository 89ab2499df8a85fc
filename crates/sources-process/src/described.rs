//! What a program, or its catalog, says it has.

use cartage_schema::hints::ResourceHints;
use cartage_source_api::{Resume, RouteScope};
use serde_json::Value;

/// A resource of a program.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) hints: ResourceHints,
    pub(crate) selected: bool,
    pub(crate) scope: RouteScope,
    pub(crate) resume: Resume,
}

/// What a program says about the schema of its source.
#[derive(Clone, Debug, Default)]
pub struct DescribedSchema {
    /// Whether it says nothing at all, so that what an earlier run said stays.
    pub inherits: bool,
    /// Settings as in `[sources.<name>.schema]`.
    pub schema: Option<Value>,
    /// Levels of lists and objects that are unpacked.
    pub max_table_nesting: Option<u32>,
    /// Whether nested tables get the id of their root row.
    pub root_key: Option<bool>,
    /// Contract of all tables that have none themselves.
    pub schema_contract: Option<Value>,
}
