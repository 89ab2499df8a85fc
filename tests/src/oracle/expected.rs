//! What a case expects of a destination: DuckDB's expectation, with what is stored as different.
//!
//! `fixtures/oracle/README.md` describes the files; `fixtures/oracle/destinations.py` writes them.

use anyhow::Result;
use serde_json::{Map, Value};

use super::case::{Case, read};
use super::place::Destination;
use crate::binaries::workspace;

impl Case {
    /// What each run leaves behind, columns described by `type` and `is_nullable`.
    ///
    /// # Errors
    /// A file that is not JSON.
    pub(crate) fn expected(&self, destination: Destination) -> Result<Vec<Value>> {
        let is_duckdb = destination == Destination::DuckDb;
        let types = if is_duckdb {
            Value::Null
        } else {
            read(&workspace().join("fixtures/oracle/types.json"))?[destination.name()].take()
        };
        let mut runs = self.of_duckdb.clone();
        for table in runs.iter_mut().filter_map(|run| run["tables"].as_object_mut()).flat_map(Map::values_mut)
        {
            for column in table["columns"].as_array_mut().into_iter().flatten() {
                let column = column.as_object_mut().expect("a column is an object");
                translate(column, destination, &types);
            }
        }
        let differences = self.folder.join(format!("{destination}.json"));
        if differences.is_file() {
            let stored = read(&differences)?;
            for (run, stored) in runs.iter_mut().zip(stored["runs"].as_array().into_iter().flatten()) {
                lay_over(run, stored);
            }
        }
        if destination == Destination::Parquet {
            runs.iter_mut().for_each(narrow_wei);
        }
        Ok(runs)
    }
}

fn translate(column: &mut Map<String, Value>, destination: Destination, types: &Value) {
    // What was read just now is described as everywhere.
    let Some(data_type) = column.shift_remove("duckdb_type") else { return };
    let nullable = column.shift_remove("duckdb_nullable");
    let data_type = match destination {
        Destination::Jsonl => Value::Null,
        _ => types.get(data_type.as_str().unwrap_or_default()).cloned().unwrap_or(data_type),
    };
    column.insert("type".to_owned(), data_type);
    if let (Destination::DuckDb, Some(nullable)) = (destination, nullable) {
        column.insert("is_nullable".to_owned(), nullable);
    }
}

/// dlt gives wei 76 digits in Parquet, which DuckDB reads as doubles, and we 38 (docs/differences.md).
fn narrow_wei(run: &mut Value) {
    for table in run["tables"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        let columns = table["columns"].as_array_mut().expect("a table has columns");
        let is_wei = |column: &Value| column["dlt_type"] == "wei";
        let places: Vec<usize> =
            columns.iter().enumerate().filter(|(_, column)| is_wei(column)).map(|(nth, _)| nth).collect();
        for nth in &places {
            columns[*nth]["type"] = "DECIMAL(38,0)".into();
        }
        for row in table["rows"].as_array_mut().into_iter().flatten() {
            for nth in &places {
                if let Some(number) = row[*nth].as_f64() {
                    row[*nth] = format!("{number:.0}").into();
                }
            }
        }
    }
}

/// Puts what differs over one run; a table is taken by its parts, `null` takes it out.
fn lay_over(run: &mut Value, stored: &Value) {
    for (part, value) in stored.as_object().into_iter().flatten() {
        if part != "tables" {
            let run = run.as_object_mut().expect("a run is an object");
            if value.is_null() {
                run.shift_remove(part);
            } else {
                run.insert(part.clone(), value.clone());
            }
            continue;
        }
        if !run["tables"].is_object() {
            run["tables"] = Value::Object(Map::new());
        }
        let tables = run["tables"].as_object_mut().expect("tables are an object");
        for (name, table) in value.as_object().into_iter().flatten() {
            if table.is_null() {
                tables.shift_remove(name);
                continue;
            }
            let known = tables.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            for (part, value) in table.as_object().into_iter().flatten() {
                known[part] = value.clone();
            }
        }
    }
}
