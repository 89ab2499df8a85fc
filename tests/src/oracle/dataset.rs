//! A dataset as its destination shows it: its stored documents, its tables and their rows.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::state::decoded;

/// A column of the database: its type and whether it takes nulls.
pub(crate) type DbColumn = (String, bool);

/// Table to its columns, in the order of the database.
pub(crate) type Tables = HashMap<String, Vec<(String, DbColumn)>>;

/// A column whose values are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'a> {
    pub(crate) name: &'a str,
    /// dlt's type; empty where it is not known, in system tables.
    pub(crate) dlt_type: &'a str,
    /// Whether a timestamp is one of a time zone.
    pub(crate) zoned: bool,
    /// The type of the database; empty where it has none.
    pub(crate) db_type: &'a str,
}

/// What a kind of destination must show.
pub(crate) trait Reader {
    /// All tables that are there.
    fn tables(&self) -> Result<Tables>;
    /// All rows of a table in the form of `expected.json`.
    fn rows(&self, table: &str, columns: &[Column<'_>]) -> Result<Vec<Vec<Value>>>;
    /// Whether rows can be merged, so that merges decide how rows are called.
    fn merges(&self) -> bool {
        true
    }
}

/// A dataset with what the database itself knows about its tables.
pub(crate) struct Dataset {
    reader: Box<dyn Reader>,
    pub(crate) tables: Tables,
}

impl Dataset {
    pub(crate) fn new(reader: Box<dyn Reader>) -> Result<Self> {
        let tables = reader.tables()?;
        Ok(Self { reader, tables })
    }

    /// Whether rows can be merged.
    pub(crate) fn merges(&self) -> bool {
        self.reader.merges()
    }

    /// A column of a table, if both are there.
    pub(crate) fn column(&self, table: &str, column: &str) -> Option<&DbColumn> {
        self.tables.get(table)?.iter().find(|(name, _)| name == column).map(|(_, column)| column)
    }

    /// The newest stored schema, and what is said about it.
    pub(crate) fn schema(&self) -> Result<Option<(Value, Value)>> {
        let columns = ["schema", "version", "version_hash", "inserted_at"];
        let Some(mut rows) = self.stored("_dlt_version", &columns)? else { return Ok(None) };
        let order = |row: &Vec<Value>| (row[3].as_str().map(str::to_owned), row[1].as_i64());
        rows.sort_by_key(|row| std::cmp::Reverse(order(row)));
        let Some(first) = rows.first() else { return Ok(None) };
        let document: Value = serde_json::from_str(first[0].as_str().context("a stored schema is text")?)?;
        let info = json!({
            "name": document["name"], "version": first[1], "version_hash": first[2], "stored_versions": rows.len(),
        });
        Ok(Some((document, info)))
    }

    /// The load ids in order of time, and what is said about them.
    pub(crate) fn loads(&self) -> Result<(Vec<String>, Value)> {
        let columns = ["load_id", "status", "schema_version_hash"];
        let Some(mut rows) = self.stored("_dlt_loads", &columns)? else {
            return Ok((Vec::new(), Value::Null));
        };
        rows.sort_by(|a, b| seconds(&a[0]).total_cmp(&seconds(&b[0])));
        let column = |nth: usize| -> Vec<Value> { rows.iter().map(|row| row[nth].clone()).collect() };
        let info = json!({"count": rows.len(), "status": column(1), "schema_version_hash": column(2)});
        let ids = rows.iter().filter_map(|row| row[0].as_str().map(str::to_owned)).collect();
        Ok((ids, info))
    }

    /// What is said about the stored state.
    pub(crate) fn state(&self) -> Result<Value> {
        let Some(mut rows) = self.stored("_dlt_pipeline_state", &["version", "state"])? else {
            return Ok(Value::Null);
        };
        rows.sort_by_key(|row| std::cmp::Reverse(row[0].as_i64()));
        let mut incremental = Map::new();
        if let Some(first) = rows.first() {
            let state = decoded(first[1].as_str().context("a stored state is text")?)?;
            for source in state["sources"].as_object().into_iter().flat_map(Map::values) {
                for (resource, value) in source["resources"].as_object().into_iter().flatten() {
                    let cursors = cursors(value);
                    if !cursors.is_empty() {
                        incremental.insert(resource.clone(), Value::Object(cursors));
                    }
                }
            }
        }
        let version = rows.first().map_or(Value::Null, |row| row[0].clone());
        Ok(json!({"stored_states": rows.len(), "version": version, "incremental": incremental}))
    }

    /// All rows of a table, with the given columns of its schema.
    pub(crate) fn rows(&self, table: &str, columns: &[&Map<String, Value>]) -> Result<Vec<Vec<Value>>> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let text = |column: &'_ Map<String, Value>, key: &str| {
            column.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let owned: Vec<(String, String, bool)> = columns
            .iter()
            .map(|column| {
                let zoned = column.get("timezone") != Some(&Value::Bool(false));
                (text(column, "name"), text(column, "data_type"), zoned)
            })
            .collect();
        let asked: Vec<Column<'_>> = owned
            .iter()
            .map(|(name, dlt_type, zoned)| Column {
                name,
                dlt_type,
                zoned: *zoned,
                db_type: self.column(table, name).map_or("", |(db_type, _)| db_type),
            })
            .collect();
        self.reader.rows(table, &asked)
    }

    fn stored(&self, table: &str, columns: &[&'static str]) -> Result<Option<Vec<Vec<Value>>>> {
        if !self.tables.contains_key(table) {
            return Ok(None);
        }
        let column = |name: &&'static str| -> Column<'_> {
            let db_type = self.column(table, name).map_or("", |(db_type, _)| db_type);
            Column { name, dlt_type: "", zoned: true, db_type }
        };
        let columns: Vec<Column<'_>> = columns.iter().map(column).collect();
        self.reader.rows(table, &columns).map(Some)
    }
}

pub(crate) fn seconds(load_id: &Value) -> f64 {
    load_id.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The state of one resource: its cursors, with hashes in a fixed order.
fn cursors(resource: &Value) -> Map<String, Value> {
    let mut out = Map::new();
    for (cursor, item) in resource["incremental"].as_object().into_iter().flatten() {
        let mut item = item.clone();
        if let Some(hashes) = item.get_mut("unique_hashes").and_then(Value::as_array_mut) {
            hashes.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        }
        out.insert(cursor.clone(), item);
    }
    out
}
