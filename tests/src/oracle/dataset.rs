//! Reads a dataset out of a DuckDB file: its stored documents, its tables and their rows.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use duckdb::{AccessMode, Config, Connection};
use serde_json::{Map, Value, json};

use super::values;
use crate::state::decoded;

/// A column of the database: its type and whether it takes nulls.
pub(crate) type DbColumn = (String, bool);

/// A dataset with what the database itself knows about its tables.
pub(crate) struct Dataset {
    connection: Connection,
    name: String,
    /// Table to its columns, in the order of the database.
    pub(crate) tables: HashMap<String, Vec<(String, DbColumn)>>,
}

impl Dataset {
    pub(crate) fn open(database: &Path, name: &str) -> Result<Self> {
        let config = Config::default().access_mode(AccessMode::ReadOnly)?;
        let connection = Connection::open_with_flags(database, config)?;
        let mut tables: HashMap<String, Vec<(String, DbColumn)>> = HashMap::new();
        let mut statement = connection.prepare(
            "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() \
             WHERE schema_name = ? AND database_name = current_database() ORDER BY table_name, column_index",
        )?;
        let mut rows = statement.query([name])?;
        while let Some(row) = rows.next()? {
            let column = (row.get(1)?, (row.get(2)?, row.get(3)?));
            tables.entry(row.get(0)?).or_default().push(column);
        }
        drop(rows);
        drop(statement);
        Ok(Self { connection, name: name.to_owned(), tables })
    }

    /// A column of a table, if both are there.
    pub(crate) fn column(&self, table: &str, column: &str) -> Option<&DbColumn> {
        self.tables.get(table)?.iter().find(|(name, _)| name == column).map(|(_, column)| column)
    }

    /// The newest stored schema, and what is said about it.
    pub(crate) fn schema(&self) -> Result<Option<(Value, Value)>> {
        let query = "SELECT schema, version, version_hash FROM {} ORDER BY inserted_at DESC, version DESC";
        let Some(rows) = self.stored("_dlt_version", query)? else { return Ok(None) };
        let Some(first) = rows.first() else { return Ok(None) };
        let document: Value = serde_json::from_str(first[0].as_str().context("a stored schema is text")?)?;
        let info = json!({
            "name": document["name"], "version": first[1], "version_hash": first[2], "stored_versions": rows.len(),
        });
        Ok(Some((document, info)))
    }

    /// The load ids in order of time, and what is said about them.
    pub(crate) fn loads(&self) -> Result<(Vec<String>, Value)> {
        let query = "SELECT load_id, status, schema_version_hash FROM {}";
        let Some(mut rows) = self.stored("_dlt_loads", query)? else { return Ok((Vec::new(), Value::Null)) };
        rows.sort_by(|a, b| seconds(&a[0]).total_cmp(&seconds(&b[0])));
        let column = |nth: usize| -> Vec<Value> { rows.iter().map(|row| row[nth].clone()).collect() };
        let info = json!({"count": rows.len(), "status": column(1), "schema_version_hash": column(2)});
        let ids = rows.iter().filter_map(|row| row[0].as_str().map(str::to_owned)).collect();
        Ok((ids, info))
    }

    /// What is said about the stored state.
    pub(crate) fn state(&self) -> Result<Value> {
        let query = "SELECT version, state FROM {} ORDER BY version DESC";
        let Some(rows) = self.stored("_dlt_pipeline_state", query)? else { return Ok(Value::Null) };
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

    /// All rows of a table, with the given columns.
    pub(crate) fn rows(&self, table: &str, columns: &[&str]) -> Result<Vec<Vec<Value>>> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let part = |column: &&str| {
            let data_type = &self.column(table, column).expect("only columns of the table are asked for").0;
            let name = quote(column);
            // Decimals as text keep all digits; the text of coarser or finer timestamps is kept, too.
            if data_type.starts_with("TIMESTAMP_") {
                format!("replace(CAST({name} AS VARCHAR), ' ', 'T')")
            } else if data_type.starts_with("DECIMAL") {
                format!("CAST({name} AS VARCHAR)")
            } else {
                name
            }
        };
        let parts: Vec<String> = columns.iter().map(part).collect();
        let types: Vec<&str> =
            columns.iter().filter_map(|column| Some(self.column(table, column)?.0.as_str())).collect();
        self.query(&format!("SELECT {} FROM {}", parts.join(", "), self.qualified(table)), &types)
    }

    fn qualified(&self, table: &str) -> String {
        format!("{}.{}", quote(&self.name), quote(table))
    }

    fn stored(&self, table: &str, query: &str) -> Result<Option<Vec<Vec<Value>>>> {
        if !self.tables.contains_key(table) {
            return Ok(None);
        }
        self.query(&query.replace("{}", &self.qualified(table)), &[]).map(Some)
    }

    fn query(&self, sql: &str, types: &[&str]) -> Result<Vec<Vec<Value>>> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let mut values = Vec::new();
            let count = if types.is_empty() { row.as_ref().column_count() } else { types.len() };
            for nth in 0..count {
                let data_type = types.get(nth).copied().unwrap_or_default();
                values.push(values::encode(row.get_ref(nth)?, data_type)?);
            }
            out.push(values);
        }
        Ok(out)
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
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
