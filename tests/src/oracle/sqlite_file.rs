//! A dataset in a SQLite file.

use std::path::Path;

use anyhow::{Context, Result, bail};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::dataset::{Column, Reader, Tables};
use super::duckdb_file::quote;
use super::values::{float, hex, timestamp_text};

/// The tables of one file.
pub(crate) struct SqliteFile {
    connection: Connection,
}

impl SqliteFile {
    pub(crate) fn open(database: &Path) -> Result<Self> {
        let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        Ok(Self { connection })
    }
}

impl Reader for SqliteFile {
    fn tables(&self) -> Result<Tables> {
        let mut tables = Tables::new();
        let mut statement = self.connection.prepare(
            "SELECT m.name, c.name, c.type, NOT c.\"notnull\" FROM sqlite_schema AS m, pragma_table_info(m.name) AS c \
             WHERE m.type = 'table' ORDER BY m.name, c.cid",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let data_type: String = row.get(2)?;
            let column = (row.get(1)?, (of_dlt(&data_type), row.get(3)?));
            tables.entry(row.get(0)?).or_default().push(column);
        }
        Ok(tables)
    }

    fn rows(&self, table: &str, columns: &[Column<'_>]) -> Result<Vec<Vec<Value>>> {
        let names: Vec<String> = columns.iter().map(|column| quote(column.name)).collect();
        let mut statement =
            self.connection.prepare(&format!("SELECT {} FROM {}", names.join(", "), quote(table)))?;
        let mut rows = statement.query([])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let value = |(nth, column): (usize, &Column<'_>)| encode(row.get_ref(nth)?, column);
            out.push(columns.iter().enumerate().map(value).collect::<Result<_>>()?);
        }
        Ok(out)
    }
}

/// What dlt calls a type: ours say that SQLite leaves the value alone, and dlt gives text that is unique a length.
fn of_dlt(data_type: &str) -> String {
    match data_type {
        "VARCHAR(128)" => "TEXT".to_owned(),
        "JSON_TEXT" => "JSON".to_owned(),
        "NUMERIC_BLOB(78, 0)" => "NUMERIC(38, 0)".to_owned(),
        other => other.replace("NUMERIC_BLOB", "NUMERIC"),
    }
}

/// One cell as `stored` of `destinations.py` writes it.
fn encode(value: ValueRef<'_>, column: &Column<'_>) -> Result<Value> {
    let text = || -> Result<String> {
        Ok(match value {
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => format!("{number:?}"),
            ValueRef::Text(text) => std::str::from_utf8(text)?.to_owned(),
            ValueRef::Null | ValueRef::Blob(_) => bail!("{value:?} in {}", column.name),
        })
    };
    Ok(match (column.dlt_type, value) {
        (_, ValueRef::Null) => Value::Null,
        (_, ValueRef::Blob(bytes)) => hex(bytes).into(),
        ("bool", ValueRef::Integer(number)) => (number != 0).into(),
        ("decimal" | "wei", _) => plain(&text()?).context("a decimal")?.into(),
        ("double", _) => float(text()?.parse()?),
        ("timestamp", _) => {
            let moment = NaiveDateTime::parse_from_str(&text()?, "%Y-%m-%d %H:%M:%S%.f")?;
            timestamp_text(moment.and_utc().timestamp_micros(), column.zoned).into()
        }
        ("date", _) => NaiveDate::parse_from_str(&text()?, "%Y-%m-%d")?.to_string().into(),
        ("time", _) => {
            NaiveTime::parse_from_str(&text()?, "%H:%M:%S%.f")?.format("%H:%M:%S%.6f").to_string().into()
        }
        ("text" | "json", _) | (_, ValueRef::Text(_)) => text()?.into(),
        (_, ValueRef::Integer(number)) => number.into(),
        (_, ValueRef::Real(number)) => float(number),
    })
}

/// A decimal without exponent, and without zeros at the end of its fraction.
fn plain(text: &str) -> Option<String> {
    let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent.parse::<i32>().ok()?;
    let before = usize::try_from(point.max(0)).ok()?;
    let zeros = "0".repeat(usize::try_from((-point).max(0)).ok()?);
    let digits = format!("{zeros}{digits:0<before$}");
    let (whole, fraction) = digits.split_at(before);
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{dot}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn decimals_are_written_without_exponents_and_zeros() {
        let plain = |text| plain(text).unwrap();
        assert_eq!(plain("1e-9"), "0.000000001");
        assert_eq!(plain("-1.2345678901234567e19"), "-12345678901234567000");
        assert_eq!(plain("12.50"), "12.5");
        assert_eq!(plain("0.0"), "0");
        assert_eq!(plain("100"), "100");
    }
}
