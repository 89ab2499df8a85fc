//! What a page does to the cursor of its resource.

use std::sync::Arc;

use serde_json::Value;

/// What one page did to a cursor, for the stage to note in the state when it takes the page.
#[derive(Clone, Debug, PartialEq)]
pub struct CursorAdvance {
    /// Which cursor.
    pub cursor: CursorId,
    /// The new last value, if it moved.
    pub last_value: Option<Value>,
    /// Whether any row had been on the page.
    pub had_rows: bool,
    /// Whether any row stayed.
    pub kept_rows: bool,
    /// How many rows the range left out.
    pub left_out: u64,
    /// What became of the hashes of rows at the last value; `None` where rows are not told apart.
    pub hashes: Option<HashChange>,
}

/// Where the state has the entry of a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorId {
    /// Name of the resource.
    pub resource: Arc<str>,
    /// As the user wrote its path.
    pub name: Arc<str>,
    /// A fixed range is not remembered.
    pub is_stored: bool,
}

/// What a page did to the hashes of the rows at the last value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HashChange {
    /// The last value moved, so all earlier ones are dropped.
    pub reset: bool,
    /// Those of rows of the page.
    pub added: Vec<String>,
}

impl CursorAdvance {
    /// Whether the page had rows and the cursor let none pass.
    pub fn reject_all(&self) -> bool {
        self.had_rows && !self.kept_rows
    }
}
