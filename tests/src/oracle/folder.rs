//! A dataset of files: Parquet is read by DuckDB, JSON lines are read here.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDateTime, NaiveTime};
use duckdb::Connection;
use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value};

use super::dataset::{Column, Reader, Tables};
use super::duckdb_file::select;
use super::python_text::compact;
use super::values::timestamp_text;

/// A folder below which each table has one of its own.
pub(crate) struct Folder {
    root: PathBuf,
    /// Reads Parquet; `None` where files are JSON lines.
    connection: Option<Connection>,
}

impl Folder {
    pub(crate) fn new(root: PathBuf, is_parquet: bool) -> Result<Self> {
        let connection = is_parquet.then(Connection::open_in_memory).transpose()?;
        Ok(Self { root, connection })
    }

    fn files(&self, table: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.root.join(table)];
        while let Some(next) = open.pop() {
            for path in fs::read_dir(&next).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
            {
                if path.is_dir() { open.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        found
    }

    fn documents(&self, table: &str) -> Result<Vec<Map<String, Value>>> {
        let mut documents = Vec::new();
        for path in self.files(table) {
            let text = text_of(&path).with_context(|| format!("cannot read {}", path.display()))?;
            for line in text.split('\n').filter(|line| !line.is_empty()) {
                documents.push(serde_json::from_str(line).with_context(|| path.display().to_string())?);
            }
        }
        Ok(documents)
    }

    /// The tables of the newest stored schema.
    fn schema(&self) -> Result<Map<String, Value>> {
        let mut stored = self.documents("_dlt_version")?;
        stored.sort_by_key(|row| (row["inserted_at"].as_str().map(str::to_owned), row["version"].as_i64()));
        let Some(newest) = stored.pop() else { return Ok(Map::new()) };
        let document: Value = serde_json::from_str(newest["schema"].as_str().context("a schema is text")?)?;
        document["tables"].as_object().cloned().context("a schema has tables")
    }

    fn parquet(&self, table: &str) -> String {
        let quoted = |path: &PathBuf| format!("'{}'", path.display().to_string().replace('\'', "''"));
        let files: Vec<String> = self.files(table).iter().map(quoted).collect();
        format!("read_parquet([{}], union_by_name = true, hive_partitioning = false)", files.join(", "))
    }

    /// Columns of the files of a table with their types.
    fn described(&self, connection: &Connection, table: &str) -> Result<Vec<(String, String)>> {
        let mut statement = connection.prepare(&format!("DESCRIBE SELECT * FROM {}", self.parquet(table)))?;
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

impl Reader for Folder {
    /// The tables that have files, with the columns of the files (Parquet) or of the schema.
    fn tables(&self) -> Result<Tables> {
        let mut tables = Tables::new();
        for system in ["_dlt_version", "_dlt_loads", "_dlt_pipeline_state"] {
            if !self.files(system).is_empty() {
                tables.insert(system.to_owned(), Vec::new());
            }
        }
        for (name, table) in self.schema()? {
            if name.starts_with("_dlt") || self.files(&name).is_empty() {
                continue;
            }
            let columns = table["columns"].as_object().into_iter().flat_map(Map::values);
            let known: Vec<(String, bool)> = columns
                .filter(|column| !column["data_type"].is_null())
                .map(|column| {
                    (column["name"].as_str().unwrap_or_default().to_owned(), column["nullable"] != false)
                })
                .collect();
            let nullable =
                |name: &str| known.iter().find(|(known, _)| known == name).is_none_or(|(_, is)| *is);
            let columns = match &self.connection {
                Some(connection) => self.described(connection, &name)?,
                None => known.iter().map(|(name, _)| (name.clone(), String::new())).collect(),
            };
            let described = |(name, db_type): (String, String)| {
                let is_nullable = nullable(&name);
                (name, (db_type, is_nullable))
            };
            tables.insert(name, columns.into_iter().map(described).collect());
        }
        Ok(tables)
    }

    fn merges(&self) -> bool {
        false
    }

    fn rows(&self, table: &str, columns: &[Column<'_>]) -> Result<Vec<Vec<Value>>> {
        if let Some(connection) = self.connection.as_ref().filter(|_| !table.starts_with("_dlt_")) {
            return select(connection, &self.parquet(table), columns);
        }
        let row = |document: Map<String, Value>| {
            columns.iter().map(|column| canonical(document.get(column.name), column)).collect()
        };
        Ok(self.documents(table)?.into_iter().map(row).collect())
    }
}

fn text_of(path: &Path) -> Result<String> {
    let mut text = String::new();
    let file = File::open(path)?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(file).read_to_string(&mut text)?;
    } else {
        let mut file = file;
        file.read_to_string(&mut text)?;
    }
    Ok(text)
}

/// A value of a JSON document as it is written for a database.
fn canonical(value: Option<&Value>, column: &Column<'_>) -> Value {
    match (column.dlt_type, value) {
        (_, None | Some(Value::Null)) => Value::Null,
        ("json", Some(value)) => compact(value).into(),
        ("timestamp", Some(Value::String(text))) => {
            moment(text, column.zoned).map_or_else(|| text.as_str().into(), Value::from)
        }
        ("time", Some(Value::String(text))) => NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
            .map_or_else(|_| text.as_str().into(), |time| time.format("%H:%M:%S%.6f").to_string().into()),
        ("decimal" | "wei", Some(Value::String(text))) if text.contains('.') => {
            text.trim_end_matches('0').trim_end_matches('.').into()
        }
        (_, Some(value)) => value.clone(),
    }
}

fn moment(text: &str, zoned: bool) -> Option<String> {
    let naive = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|moment| moment.and_utc());
    match DateTime::parse_from_rfc3339(text) {
        Ok(moment) => Some(timestamp_text(moment.timestamp_micros(), zoned)),
        Err(_) => naive().ok().map(|moment| timestamp_text(moment.timestamp_micros(), false)),
    }
}
