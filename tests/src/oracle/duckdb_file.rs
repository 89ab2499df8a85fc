//! A dataset in a DuckDB file.

use std::path::Path;

use anyhow::Result;
use duckdb::{AccessMode, Config, Connection};
use serde_json::Value;

use super::dataset::{Column, Reader, Tables};
use super::values;

/// The tables of one schema of a DuckDB file.
pub(crate) struct DuckDbFile {
    connection: Connection,
    name: String,
}

impl DuckDbFile {
    pub(crate) fn open(database: &Path, name: &str) -> Result<Self> {
        let config = Config::default().access_mode(AccessMode::ReadOnly)?;
        let connection = Connection::open_with_flags(database, config)?;
        Ok(Self { connection, name: name.to_owned() })
    }
}

impl Reader for DuckDbFile {
    fn tables(&self) -> Result<Tables> {
        let mut tables = Tables::new();
        let mut statement = self.connection.prepare(
            "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() \
             WHERE schema_name = ? AND database_name = current_database() ORDER BY table_name, column_index",
        )?;
        let mut rows = statement.query([&self.name])?;
        while let Some(row) = rows.next()? {
            let column = (row.get(1)?, (row.get(2)?, row.get(3)?));
            tables.entry(row.get(0)?).or_default().push(column);
        }
        Ok(tables)
    }

    fn rows(&self, table: &str, columns: &[Column<'_>]) -> Result<Vec<Vec<Value>>> {
        select(&self.connection, &format!("{}.{}", quote(&self.name), quote(table)), columns)
    }
}

/// All rows of a table or a table function.
pub(crate) fn select(connection: &Connection, from: &str, columns: &[Column<'_>]) -> Result<Vec<Vec<Value>>> {
    let parts: Vec<String> = columns.iter().map(part).collect();
    let mut statement = connection.prepare(&format!("SELECT {} FROM {from}", parts.join(", ")))?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let value = |(nth, column): (usize, &Column<'_>)| values::encode(row.get_ref(nth)?, column.db_type);
        out.push(columns.iter().enumerate().map(value).collect::<Result<_>>()?);
    }
    Ok(out)
}

/// Decimals as text keep all digits; the text of coarser or finer timestamps is kept, too.
fn part(column: &Column<'_>) -> String {
    let name = quote(column.name);
    if column.db_type.starts_with("TIMESTAMP_") {
        format!("replace(CAST({name} AS VARCHAR), ' ', 'T')")
    } else if column.db_type.starts_with("DECIMAL") {
        format!("CAST({name} AS VARCHAR)")
    } else {
        name
    }
}

pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
