//! A dataset in MariaDB, read through its command line client.

use anyhow::{Context, Result, bail, ensure};
use cartage_test_support::mariadb::Server;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::Value;

use super::dataset::{Column, Reader, Tables};
use super::values::{float, timestamp_text};

/// The tables of one database of a server.
pub(crate) struct MariaDbDatabase {
    server: Server,
    name: String,
}

impl MariaDbDatabase {
    pub(crate) fn new(server: Server, name: &str) -> Self {
        Self { server, name: name.to_owned() }
    }

    /// The rows of expressions as bytes of text; `None` stands for null.
    fn read(&self, expressions: &[String], rest: &str) -> Result<Vec<Vec<Option<String>>>> {
        // In hexadecimal digits nothing needs to be escaped, and null looks like nothing else.
        let cells: Vec<String> = expressions.iter().map(|text| format!("HEX({text})")).collect();
        let text = self.server.query(&format!("SELECT {} FROM {rest}", cells.join(", ")))?;
        let decoded = |cell: &str| (cell != "NULL").then(|| cell.to_owned());
        Ok(text.lines().map(|line| line.split('\t').map(decoded).collect()).collect())
    }
}

impl Reader for MariaDbDatabase {
    fn tables(&self) -> Result<Tables> {
        let columns = ["table_name", "column_name", "column_type", "is_nullable"].map(str::to_owned);
        let from = format!(
            "information_schema.columns WHERE table_schema = '{}' ORDER BY table_name, ordinal_position",
            self.name
        );
        let mut tables = Tables::new();
        for row in self.read(&columns, &from)? {
            let mut cells = row.into_iter();
            let mut next = || text(&cells.next().flatten().context("a cell is missing")?);
            let (table, column, data_type, nullable) = (next()?, next()?, next()?, next()?);
            tables.entry(table).or_default().push((column, (of_dlt(&data_type), nullable == "YES")));
        }
        Ok(tables)
    }

    fn rows(&self, table: &str, columns: &[Column<'_>]) -> Result<Vec<Vec<Value>>> {
        let cell = |column: &Column<'_>| {
            let name = quote(column.name);
            if is_bytes(column) { name } else { format!("CAST({name} AS CHAR CHARACTER SET utf8mb4)") }
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        let rows = self.read(&cells, &format!("{}.{}", quote(&self.name), quote(table)))?;
        let encoded = |row: Vec<Option<String>>| {
            ensure!(row.len() == columns.len(), "a row of {table} has {} cells", row.len());
            row.into_iter().zip(columns).map(|(cell, column)| encode(cell, column)).collect()
        };
        rows.into_iter().map(encoded).collect()
    }
}

fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn is_bytes(column: &Column<'_>) -> bool {
    column.db_type.contains("blob") || column.db_type.contains("binary")
}

/// What dlt calls a type: MariaDB shows widths of integers, and keys and text that is unique have a length.
fn of_dlt(data_type: &str) -> String {
    let (name, _) = data_type.split_once('(').unwrap_or((data_type, ""));
    match (name, data_type) {
        ("smallint" | "int" | "bigint", _) => name.to_owned(),
        (_, "varchar(128)" | "longtext") => "text".to_owned(),
        _ => data_type.to_owned(),
    }
}

/// The text that hexadecimal digits stand for.
fn text(digits: &str) -> Result<String> {
    let pairs =
        digits.as_bytes().chunks(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?));
    Ok(String::from_utf8(pairs.collect::<Result<_>>()?)?)
}

/// One cell as `of_python` of `destinations.py` writes it.
fn encode(cell: Option<String>, column: &Column<'_>) -> Result<Value> {
    let Some(digits) = cell else { return Ok(Value::Null) };
    if is_bytes(column) {
        return Ok(digits.to_lowercase().into());
    }
    let text = text(&digits)?;
    let kind = column.db_type.split('(').next().unwrap_or_default();
    Ok(match kind {
        "tinyint" if column.dlt_type == "bool" => (text != "0").into(),
        "tinyint" | "smallint" | "int" | "bigint" => text.parse::<i64>()?.into(),
        "double" => float(text.parse()?),
        "datetime" => {
            let moment = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f")?;
            timestamp_text(moment.and_utc().timestamp_micros(), column.zoned).into()
        }
        "date" => NaiveDate::parse_from_str(&text, "%Y-%m-%d")?.to_string().into(),
        "time" => NaiveTime::parse_from_str(&text, "%H:%M:%S%.f")?.format("%H:%M:%S%.6f").to_string().into(),
        "decimal" | "varchar" | "text" => text.into(),
        other => bail!("no encoding for {other} of {}", column.name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_that_dlt_declares() {
        let types = ["bigint(20)", "varchar(128)", "longtext", "varchar(20)", "decimal(38,9)"].map(of_dlt);
        assert_eq!(types, ["bigint", "text", "text", "varchar(20)", "decimal(38,9)"]);
        assert_eq!(text("C3A9").unwrap(), "é");
    }
}
