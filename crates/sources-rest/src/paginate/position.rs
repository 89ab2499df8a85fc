//! Where a walk through pages continues, as the state of its resource remembers it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The key of the resource's state.
pub(crate) const POSITION: &str = "rest_position";

/// After which row a walk continues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// Hash of the walk's first request: the position applies to no other.
    pub(crate) request: String,
    pub(crate) at: At,
    /// Rows of the answer there that were taken already.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) rows: u64,
    /// Where the rows are, if an answer has shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data_selector: Option<String>,
}

/// The answer that comes next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum At {
    /// That to the first request.
    #[default]
    Start,
    /// That with this offset or number of the page.
    Number(i64),
    /// That at this address.
    Link(String),
    /// That with this cursor.
    Cursor(Value),
    /// None: all were taken.
    End,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it a reference")]
fn is_zero(rows: &u64) -> bool {
    *rows == 0
}
