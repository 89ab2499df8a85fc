//! What one load is going to do at the destination, as plain data.
//!
//! `load` makes the plan from a package and the destination's capabilities; the destination carries
//! it out in the order that [`Destination`](crate::Destination) describes.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use cartage_schema::{MergeStrategy, ReplaceStrategy, Schema};
use serde::{Deserialize, Serialize};

use crate::load_key::LoadKey;
use crate::state_conflict::BaseState;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRef {
    /// Name of the table.
    pub table: String,
    /// Name of the column.
    pub column: String,
}

/// One load from the first statement to the last.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadPlan {
    /// Which load this is.
    pub key: LoadKey,
    /// The state of the pipeline that must still be the newest; checked before anything is written and
    /// again by the commit.
    pub base: BaseState,
    /// The schema of the package; it is stored in `_dlt_version`.
    pub schema: Arc<Schema>,
    /// The schema's document byte for byte, for the same purpose.
    pub schema_document: Arc<str>,
    /// Tables that are dropped first, children before parents. Dropping also forgets the stored
    /// versions of this schema, as dlt's `refresh` does.
    pub drop: Vec<String>,
    /// Columns whose type becomes the one that the schema has, which holds every value that is there.
    pub widen: Vec<ColumnRef>,
    /// Tables that must exist with all their complete columns, parents first, system tables included.
    pub tables: Vec<TablePlan>,
    /// Tables that are emptied once before the first job, parents first.
    pub truncate: Vec<String>,
    /// Chains whose rows come through the staging dataset.
    pub chains: Vec<Chain>,
    /// Ids of all jobs of the load, of those that an earlier attempt has done too.
    pub jobs: Vec<String>,
    /// When this load began, in microseconds since 1970; stamps what is recorded before the commit.
    pub now_micros: i64,
    /// Bytes of the files that are to be loaded, of an earlier attempt too.
    pub bytes: u64,
    /// Where each table is among `tables`, as of the first question.
    places: OnceLock<HashMap<String, usize>>,
}

impl LoadPlan {
    /// A plan that stores the schema and does nothing else.
    pub fn new(key: LoadKey, schema: Arc<Schema>, schema_document: Arc<str>, now_micros: i64) -> Self {
        Self {
            key,
            base: BaseState::Unchecked,
            schema,
            schema_document,
            drop: Vec::new(),
            widen: Vec::new(),
            tables: Vec::new(),
            truncate: Vec::new(),
            chains: Vec::new(),
            jobs: Vec::new(),
            now_micros,
            bytes: 0,
            places: OnceLock::new(),
        }
    }

    /// When the package was begun, in microseconds since 1970: its load id says so, in Unix seconds. Other
    /// than `now_micros` it is the same in each attempt.
    pub fn created_micros(&self) -> i64 {
        parse_seconds(&self.key.load_id).unwrap_or(self.now_micros)
    }

    /// The plan of one table, if the load touches it.
    pub fn table(&self, name: &str) -> Option<&TablePlan> {
        let place = |(place, table): (usize, &TablePlan)| (table.name.clone(), place);
        let places = self.places.get_or_init(|| self.tables.iter().enumerate().map(place).collect());
        let at = places.get(name).and_then(|place| self.tables.get(*place));
        // Tables may have changed since the first question.
        at.filter(|table| table.name == name).or_else(|| self.tables.iter().find(|table| table.name == name))
    }
}

/// Microseconds of decimal seconds, exactly.
fn parse_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros = format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
}

/// One table of a load. Its columns are those of the schema that have a type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TablePlan {
    /// Name at the destination.
    pub name: String,
    /// Whether its rows go to the staging dataset first.
    pub staged: bool,
}

impl TablePlan {
    /// A table that is written directly.
    pub fn direct(name: impl Into<String>) -> Self {
        Self { name: name.into(), staged: false }
    }

    /// A table whose rows go through the staging dataset.
    pub fn staged(name: impl Into<String>) -> Self {
        Self { name: name.into(), staged: true }
    }
}

/// A root table with its descendants, finished by one follow-up once all its jobs are settled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chain {
    /// The root table; names the follow-up in the ledger.
    pub root: String,
    /// All tables of the chain that exist, parents first, the root among them.
    pub tables: Vec<String>,
    /// What is done with the staged rows.
    pub follow_up: FollowUp,
}

impl Chain {
    /// A chain; `tables` holds the root and its descendants, parents first.
    pub fn new(root: impl Into<String>, tables: Vec<String>, follow_up: FollowUp) -> Self {
        Self { root: root.into(), tables, follow_up }
    }
}

/// What turns staged rows into rows of the dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FollowUp {
    /// The staged rows become the whole content of the tables.
    Replace(ReplaceStrategy),
    /// The staged rows are combined with those that are there, by their keys.
    Merge(MergeStrategy),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_id_is_the_moment_at_which_its_package_was_begun() {
        assert_eq!(parse_seconds("1795175957.822089"), Some(1_795_175_957_822_089));
        assert_eq!(parse_seconds("1700000000.5"), Some(1_700_000_000_500_000));
        assert_eq!(parse_seconds("1700000000"), Some(1_700_000_000_000_000));
        assert_eq!(parse_seconds("1700000000.1234567"), Some(1_700_000_000_123_456));
        assert_eq!(parse_seconds("first"), None);
    }
}
