//! The tables that a load appends to, so that its rows can be taken back.
//!
//! A load writes one [`AppendRecord`] into the ledger for each table that it writes to directly, before it
//! writes any row. A load that takes over reads them there: the schema of that load may be another one.

use cartage_schema::Table;
use serde::{Deserialize, Serialize};

use crate::plan::LoadPlan;

/// Start of the entries of tables that a load appends to.
const PREFIX: &str = "appends:";

/// A table that a load appends to, and how its rows are found again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendRecord {
    /// Name of the table, as in the schema.
    pub table: String,
    /// Its column with the load id, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_id: Option<String>,
    /// The parent of its rows, for nested tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Link>,
}

/// How the rows of a nested table name their parents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Name of the parent table.
    pub table: String,
    /// The column of the parent that names its rows.
    pub row_key: String,
    /// The column of the nested table with that name.
    pub parent_key: String,
}

impl AppendRecord {
    /// The tables of `plan` that rows are written to directly, parents first.
    pub fn of(plan: &LoadPlan) -> Vec<Self> {
        let load_id = plan.schema.naming(None).normalize_identifier("_dlt_load_id");
        let direct = plan.tables.iter().filter(|planned| !planned.staged);
        direct
            .filter_map(|planned| Self::of_table(plan, plan.schema.tables.get(&planned.name)?, &load_id))
            .collect()
    }

    fn of_table(plan: &LoadPlan, table: &Table, load_id: &str) -> Option<Self> {
        let load_id = table.columns.get(load_id).map(|column| column.name.clone());
        let parent = table.parent.as_ref().and_then(|parent| {
            let row_key =
                plan.schema.tables.get(parent)?.first_column(|column| column.row_key == Some(true))?;
            let parent_key = table.first_column(|column| column.parent_key == Some(true))?;
            Some(Link {
                table: parent.clone(),
                row_key: row_key.name.clone(),
                parent_key: parent_key.name.clone(),
            })
        });
        (load_id.is_some() || parent.is_some()).then(|| Self { table: table.name.clone(), load_id, parent })
    }

    /// The ledger entry.
    pub fn entry(&self) -> String {
        let text = serde_json::to_string(self).expect("texts become JSON");
        format!("{PREFIX}{text}")
    }

    /// Reads a ledger entry; none if it is another one.
    pub fn read(entry: &str) -> Option<Self> {
        serde_json::from_str(entry.strip_prefix(PREFIX)?).ok()
    }

    /// The tables in the order in which their rows are removed.
    pub fn parents_first(mut tables: Vec<Self>) -> Vec<Self> {
        let parents: Vec<(String, Option<String>)> = tables
            .iter()
            .map(|table| (table.table.clone(), table.parent.as_ref().map(|link| link.table.clone())))
            .collect();
        tables.sort_by_key(|table| depth(&parents, &table.table));
        tables
    }
}

/// How many of the tables are above `table`.
fn depth(parents: &[(String, Option<String>)], table: &str) -> usize {
    let mut depth = 0;
    let mut at = table;
    while let Some(parent) =
        parents.iter().find(|(name, _)| name == at).and_then(|(_, parent)| parent.as_deref())
    {
        depth += 1;
        at = parent;
        if depth > parents.len() {
            break;
        }
    }
    depth
}
