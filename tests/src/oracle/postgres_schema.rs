//! A dataset in PostgreSQL, read through `psql`.

use anyhow::{Context, Result, bail, ensure};
use cartage_test_support::postgres::Server;
use chrono::{DateTime, NaiveDateTime, NaiveTime};
use serde_json::Value;

use super::dataset::{Column, Reader, Tables};
use super::duckdb_file::quote;
use super::values::{float, timestamp_text};

/// The tables of one schema of a server's database `postgres`.
pub(crate) struct PostgresSchema {
    server: Server,
    name: String,
}

impl PostgresSchema {
    pub(crate) fn new(server: Server, name: &str) -> Self {
        Self { server, name: name.to_owned() }
    }

    /// The rows of a query in the text form of COPY; `None` stands for null.
    fn copied(&self, query: &str) -> Result<Vec<Vec<Option<String>>>> {
        let text = self.server.query(&format!("COPY ({query}) TO STDOUT"))?;
        let cells = |line: &str| line.split('\t').map(unescaped).collect();
        Ok(text.lines().map(cells).collect())
    }
}

impl Reader for PostgresSchema {
    fn tables(&self) -> Result<Tables> {
        let query = format!(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull \
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = '{}' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped \
             ORDER BY c.relname, a.attnum",
            self.name
        );
        let mut tables = Tables::new();
        for row in self.copied(&query)? {
            let mut cells = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || cells.next().context("a cell is missing");
            let (table, column, data_type, nullable) = (next()?, next()?, next()?, next()?);
            tables.entry(table).or_default().push((column, (data_type, nullable == "t")));
        }
        Ok(tables)
    }

    fn rows(&self, table: &str, columns: &[Column<'_>]) -> Result<Vec<Vec<Value>>> {
        let names: Vec<String> = columns.iter().map(|column| quote(column.name)).collect();
        let from = format!("{}.{}", quote(&self.name), quote(table));
        let rows = self.copied(&format!("SELECT {} FROM {from}", names.join(", ")))?;
        let encoded = |row: Vec<Option<String>>| {
            ensure!(row.len() == columns.len(), "a row of {table} has {} cells", row.len());
            row.into_iter().zip(columns).map(|(cell, column)| encode(cell, column)).collect()
        };
        rows.into_iter().map(encoded).collect()
    }
}

/// One cell as `encode_value` of `snapshot.py` writes it.
fn encode(cell: Option<String>, column: &Column<'_>) -> Result<Value> {
    let Some(text) = cell else { return Ok(Value::Null) };
    let kind = column.db_type.split('(').next().unwrap_or_default().trim();
    Ok(match kind {
        "boolean" => (text == "t").into(),
        "smallint" | "integer" | "bigint" => text.parse::<i64>()?.into(),
        "double precision" | "real" => float(text.parse()?),
        "bytea" => text.strip_prefix("\\x").context("bytes are hexadecimal")?.into(),
        "date" | "numeric" | "character varying" | "text" | "json" | "jsonb" => text.into(),
        "timestamp" | "timestamp without time zone" | "timestamp with time zone" => moment(&text)?.into(),
        "time" | "time without time zone" => {
            NaiveTime::parse_from_str(&text, "%H:%M:%S%.f")?.format("%H:%M:%S%.6f").to_string().into()
        }
        other => bail!("no encoding for {other} of {}", column.name),
    })
}

fn moment(text: &str) -> Result<String> {
    if let Ok(moment) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z") {
        return Ok(timestamp_text(moment.timestamp_micros(), true));
    }
    let moment = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")?;
    Ok(timestamp_text(moment.and_utc().timestamp_micros(), false))
}

/// A cell of COPY's text form.
fn unescaped(cell: &str) -> Option<String> {
    if cell == "\\N" {
        return None;
    }
    let mut text = String::with_capacity(cell.len());
    let mut rest = cell.chars();
    while let Some(next) = rest.next() {
        text.push(match next {
            '\\' => match rest.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\u{b}',
                other => other,
            },
            other => other,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_copy_are_read_without_loss() {
        let cells: Vec<_> = "\\N\ta\\tb\\\\N\t".split('\t').map(unescaped).collect();
        assert_eq!(cells, [None, Some("a\tb\\N".to_owned()), Some(String::new())]);
        assert_eq!(moment("2024-02-29 12:30:45.5+00").unwrap(), "2024-02-29T12:30:45.500000Z");
        assert_eq!(moment("0001-01-01 00:00:00").unwrap(), "0001-01-01T00:00:00.000000");
    }
}
