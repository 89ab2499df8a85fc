//! The statement that brings a file into a table: DuckDB reads it by itself.

use std::path::Path;

use cartage_destinations_api::{Codec, Error, FileFormat, JobFile, Result, Statement};
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_schema::{DataType, Table};

use crate::schema_sql::{DuckDbDialect, literal};

/// A path names one file and says nothing about its rows. Left alone, DuckDB takes a folder called `id=5` for a
/// column `id`, and replaces the column of that name in the file.
const NOTHING_FROM_THE_PATH: &str = "hive_partitioning = false, filename = false, union_by_name = false";

/// Largest JSON line that DuckDB reads unless configured otherwise.
const JSON_LINE: u64 = 16 * 1024 * 1024;

/// The rows of a file into a table.
pub(crate) fn statement(target: &TableRef, table: &Table, job: &JobFile) -> Result<Statement> {
    let rows = match job.format {
        FileFormat::Parquet => {
            format!("SELECT * FROM read_parquet({}, {NOTHING_FROM_THE_PATH})", file(job.local()?)?)
        }
        FileFormat::Jsonl => read_jsonl(table, job)?,
        other => return Err(Error::invalid(format!("duckdb cannot load {other} files"))),
    };
    let sql = format!("INSERT INTO {} BY NAME {rows}", DuckDbDialect.qualified(target));
    Ok(Statement::new(format!("insert {} into table {}", job.id, job.table), sql))
}

/// One file as the argument of a reader, which takes patterns: their characters are bracketed.
fn file(path: &Path) -> Result<String> {
    let text = path.to_str().ok_or_else(|| {
        Error::invalid(format!("{} is not UTF-8, and duckdb reads only UTF-8 paths", path.display()))
            .with_remedy("set CARTAGE_DATA_DIR to a folder with a plain name")
    })?;
    let mut exact = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '*' | '?' | '[' => exact.extend(['[', character, ']']),
            _ => exact.push(character),
        }
    }
    Ok(literal(&exact))
}

fn read_jsonl(table: &Table, job: &JobFile) -> Result<String> {
    let mut types = Vec::new();
    let mut columns = Vec::new();
    for column in table.complete_columns() {
        let name = DuckDbDialect.quote(&column.name);
        if column.data_type == Some(DataType::Binary) {
            // JSON has no bytes; they come as base64.
            types.push(format!("{}: 'VARCHAR'", literal(&column.name)));
            columns.push(format!("from_base64({name}) AS {name}"));
        } else {
            types.push(format!(
                "{}: {}",
                literal(&column.name),
                literal(&DuckDbDialect.column_type(column)?)
            ));
            columns.push(name);
        }
    }
    let compression = match job.codec {
        None => "uncompressed",
        Some(Codec::Gz) => "gzip",
        Some(Codec::Zst) => "zstd",
    };
    Ok(format!(
        "SELECT {} FROM read_json({}, format = 'newline_delimited', columns = {{{}}}, compression = '{compression}', \
         maximum_object_size = {}, {NOTHING_FROM_THE_PATH})",
        columns.join(", "),
        file(job.local()?)?,
        types.join(", "),
        job.bytes.clamp(JSON_LINE, u64::from(u32::MAX)),
    ))
}
