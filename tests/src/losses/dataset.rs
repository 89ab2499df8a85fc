//! The destination, cell by cell.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use duckdb::Connection;

use super::equal::Cell;
use super::moments;

/// A row of the destination.
#[derive(Debug, Default)]
pub(super) struct StoredRow {
    /// `_dlt_id`.
    pub(super) id: String,
    /// `_dlt_parent_id`, empty in root tables.
    pub(super) parent: String,
    /// `_dlt_list_idx`.
    pub(super) index: Option<usize>,
    /// Column and cell, without nulls and columns of dlt.
    pub(super) cells: Vec<(String, Cell)>,
}

/// The data tables of a dataset.
#[derive(Debug, Default)]
pub(super) struct Dataset {
    pub(super) tables: BTreeMap<String, Vec<StoredRow>>,
}

/// Reads the dataset `data` of a DuckDB file; one that is not there has no tables.
///
/// # Errors
/// If a cell cannot be read.
pub(super) fn read(path: &Path) -> Result<Dataset> {
    let mut dataset = Dataset::default();
    if !path.exists() {
        return Ok(dataset);
    }
    let connection = Connection::open(path)?;
    let columns = columns(&connection)?;
    for (table, columns) in columns {
        let wanted: Vec<String> =
            columns.iter().map(|(name, data_type)| expression(name, data_type)).collect();
        let sql = format!("SELECT {} FROM data.{}", wanted.join(", "), quoted(&table));
        let mut statement = connection.prepare(&sql).with_context(|| sql.clone())?;
        let mut rows = statement.query([]).with_context(|| sql.clone())?;
        let stored = dataset.tables.entry(table.clone()).or_default();
        while let Some(row) = rows.next().with_context(|| sql.clone())? {
            let mut found = StoredRow::default();
            for (at, (name, data_type)) in columns.iter().enumerate() {
                let Some(text) = row.get::<_, Option<String>>(at)? else { continue };
                match name.as_str() {
                    "_dlt_id" => found.id = text,
                    "_dlt_parent_id" => found.parent = text,
                    "_dlt_list_idx" => found.index = Some(text.parse()?),
                    name if name.starts_with("_dlt_") => {}
                    _ => {
                        let cell = cell(data_type, &text)
                            .with_context(|| format!("{table}.{name} of type {data_type}: {text:?}"))?;
                        found.cells.push((name.clone(), cell));
                    }
                }
            }
            stored.push(found);
        }
    }
    Ok(dataset)
}

type Columns = BTreeMap<String, Vec<(String, String)>>;

fn columns(connection: &Connection) -> Result<Columns> {
    let mut statement = connection.prepare(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'data' \
         AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\' ORDER BY table_name, column_index",
    )?;
    let mut columns = Columns::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        columns.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    Ok(columns)
}

/// What gives all of a cell as text.
fn expression(name: &str, data_type: &str) -> String {
    let name = quoted(name);
    match data_type {
        "BLOB" => format!("to_base64({name})"),
        "TIMESTAMP_NS" => {
            format!("CASE WHEN NOT isfinite({name}) THEN 'infinite' ELSE epoch_ns({name})::VARCHAR END")
        }
        _ if data_type.starts_with("TIMESTAMP") => {
            format!("CASE WHEN NOT isfinite({name}) THEN 'infinite' ELSE epoch_us({name})::VARCHAR END")
        }
        "DATE" => {
            format!(
                "CASE WHEN NOT isfinite({name}) THEN 'infinite' ELSE ({name} - DATE '1970-01-01')::VARCHAR END"
            )
        }
        _ => format!("{name}::VARCHAR"),
    }
}

fn cell(data_type: &str, text: &str) -> Result<Cell> {
    Ok(match data_type {
        // No moment, whatever was given.
        "DATE" | "TIMESTAMP" | "TIMESTAMP WITH TIME ZONE" | "TIMESTAMP_NS" if text == "infinite" => {
            Cell::Text(text.to_owned())
        }
        "BOOLEAN" => Cell::Bool(text == "true"),
        "FLOAT" | "DOUBLE" => Cell::Double(text.parse()?),
        "BLOB" => Cell::Bytes(BASE64_STANDARD.decode(text)?),
        "JSON" => Cell::Json(text.to_owned()),
        "DATE" => Cell::Date(text.parse()?),
        "TIME" => Cell::Time(moments::time(text).context("a time")?),
        "TIMESTAMP_NS" => Cell::Instant(text.parse()?),
        _ if data_type.starts_with("TIMESTAMP") => Cell::Instant(text.parse::<i128>()? * 1_000),
        _ if data_type.ends_with("INT")
            || data_type.ends_with("INTEGER")
            || data_type.starts_with("DECIMAL") =>
        {
            // A fraction without a digit before the point is written without zero.
            let begins_with_point = text.strip_prefix('-').unwrap_or(text).starts_with('.');
            Cell::Digits(if begins_with_point { text.replacen('.', "0.", 1) } else { text.to_owned() })
        }
        _ => Cell::Text(text.to_owned()),
    })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
