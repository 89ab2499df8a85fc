//! What other destinations hold, as tables of a DuckDB in memory: tests look at all of them in the same way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cartage_test_support::postgres::Server;
use cartage_test_support::{clickhouse, mariadb};
use duckdb::types::Value as DuckValue;
use duckdb::{Connection, appender_params_from_iter};
use rusqlite::types::ValueRef;

/// The tables of a schema of a database, with their rows, in the schema `data`.
///
/// # Panics
/// If a row cannot be read, or a type has no counterpart.
pub fn of_server(server: &Server, database: &str, dataset: &str) -> Connection {
    let connection = empty();
    let columns = format!(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a \
         JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = '{dataset}' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped \
         ORDER BY c.relname, a.attnum"
    );
    let ask = |sql: &str| server.query_in(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in ask(&columns).lines() {
        let cells: Vec<&str> = line.split('|').collect();
        let column = format!("\"{}\" {}", cells[1], duckdb_type(cells[2]));
        tables.entry(cells[0].to_owned()).or_default().push(column);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (table, columns) in tables {
        let file = folder.path().join("rows.csv");
        let rows =
            format!("COPY \"{dataset}\".\"{table}\" TO STDOUT (FORMAT csv, NULL 'NULL', FORCE_QUOTE *)");
        fs::write(&file, ask(&rows)).expect("a file");
        run(&connection, &format!("CREATE TABLE data.\"{table}\" ({})", columns.join(", ")));
        let options =
            "FORMAT csv, HEADER false, NULLSTR 'NULL', ALLOW_QUOTED_NULLS false, MAX_LINE_SIZE 100000000";
        run(&connection, &format!("COPY data.\"{table}\" FROM '{}' ({options})", file.display()));
    }
    connection
}

/// The tables of a database of MariaDB, with their rows, in the schema `data`; whole numbers are numbers, all else is text.
///
/// # Panics
/// If a row cannot be read.
pub fn of_mariadb(server: &mariadb::Server, database: &str) -> Connection {
    let connection = empty();
    let columns = server.sql(&format!(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = '{database}' \
         ORDER BY table_name, ordinal_position"
    ));
    let mut tables: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for line in columns.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        tables.entry(cells[0]).or_default().push((cells[1], cells[2]));
    }
    for (table, columns) in tables {
        let typed: Vec<String> = columns
            .iter()
            .map(|(name, kind)| {
                let is_whole = ["bigint", "int", "smallint", "tinyint"].contains(kind);
                format!("\"{name}\" {}", if is_whole { "BIGINT" } else { "VARCHAR" })
            })
            .collect();
        run(&connection, &format!("CREATE TABLE data.\"{table}\" ({})", typed.join(", ")));
        let mut rows = connection.appender_to_db(table, "data").expect("a table");
        // Null and the text of this name are told apart, and bytes are digits.
        let cells: Vec<String> = columns
            .iter()
            .map(|(name, kind)| {
                let value =
                    if kind.ends_with("blob") { format!("HEX(`{name}`)") } else { format!("`{name}`") };
                format!("IF(`{name}` IS NULL, '', CONCAT('=', {value}))")
            })
            .collect();
        for line in server.sql(&format!("SELECT {} FROM {database}.`{table}`", cells.join(", "))).lines() {
            let value = |cell: &str| match cell.strip_prefix('=') {
                Some(text) => DuckValue::Text(text.to_owned()),
                None => DuckValue::Null,
            };
            let values: Vec<DuckValue> = line.split('\t').map(value).collect();
            rows.append_row(appender_params_from_iter(values)).expect("a row is inserted");
        }
    }
    connection
}

/// The tables of a dataset of ClickHouse, with their rows, in the schema `data`; whole numbers are numbers, all else is
/// text.
///
/// # Panics
/// If a row cannot be read.
pub fn of_clickhouse(dataset: &str) -> Connection {
    let connection = empty();
    let tables = clickhouse::tables(&format!("{dataset}___"));
    for table in tables.iter().filter(|table| *table != "dlt_sentinel_table") {
        let columns = clickhouse::sql(&format!(
            "SELECT name, type FROM system.columns WHERE database = 'default' AND table = '{dataset}___{table}' \
             ORDER BY position"
        ));
        let columns: Vec<(&str, &str)> = columns.lines().filter_map(|line| line.split_once('\t')).collect();
        let typed: Vec<String> = columns
            .iter()
            .map(|(name, kind)| {
                format!("\"{name}\" {}", if kind.contains("Int") { "BIGINT" } else { "VARCHAR" })
            })
            .collect();
        run(&connection, &format!("CREATE TABLE data.\"{table}\" ({})", typed.join(", ")));
        let mut rows = connection.appender_to_db(table, "data").expect("a table");
        let cell = |(name, _): &(&str, &str)| {
            let text = format!("toString(`{name}`)");
            format!("if(isValidUTF8({text}), {text}, hex({text}))")
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        let select =
            format!("SELECT {} FROM `{dataset}___{table}` FORMAT JSONCompactEachRow", cells.join(", "));
        for line in clickhouse::sql(&select).lines() {
            let cells: Vec<Option<String>> = serde_json::from_str(line).expect("a row");
            let values: Vec<DuckValue> =
                cells.into_iter().map(|cell| cell.map_or(DuckValue::Null, DuckValue::Text)).collect();
            rows.append_row(appender_params_from_iter(values)).expect("a row is inserted");
        }
    }
    connection
}

/// The tables of a SQLite file, with their rows, in the schema `data`; what SQLite stores decides about the types.
///
/// # Panics
/// If the file cannot be read.
pub fn of_sqlite(file: &Path) -> Connection {
    let connection = empty();
    let sqlite = rusqlite::Connection::open(file).expect("a SQLite file");
    for table in tables_of_sqlite(file) {
        let columns = columns_of_sqlite(&sqlite, &table);
        let typed: Vec<String> =
            columns.iter().map(|(name, kind)| format!("\"{name}\" {}", type_of_sqlite(kind))).collect();
        run(&connection, &format!("CREATE TABLE data.\"{table}\" ({})", typed.join(", ")));
        let mut appended = connection.appender_to_db(&table, "data").expect("a table");
        let mut statement = sqlite.prepare(&format!("SELECT * FROM \"{table}\"")).expect("a query");
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let is_moment = |nth: usize| columns[nth].1 == "DATETIME";
            let value = |nth| match row.get_ref(nth).expect("a cell") {
                // What is stored without a zone is UTC.
                ValueRef::Text(text) if is_moment(nth) => {
                    DuckValue::Text(format!("{}+00:00", String::from_utf8_lossy(text)))
                }
                ValueRef::Null => DuckValue::Null,
                ValueRef::Integer(number) => DuckValue::BigInt(number),
                ValueRef::Real(number) => DuckValue::Double(number),
                ValueRef::Text(text) => DuckValue::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => DuckValue::Blob(bytes.to_vec()),
            };
            let values: Vec<DuckValue> = (0..columns.len()).map(value).collect();
            appended.append_row(appender_params_from_iter(values)).expect("a row is inserted");
        }
    }
    connection
}

/// Names of the tables of a SQLite file, none where there is no file.
///
/// # Panics
/// If the file cannot be read.
pub fn tables_of_sqlite(file: &Path) -> Vec<String> {
    if !file.exists() {
        return Vec::new();
    }
    let sqlite = rusqlite::Connection::open(file).expect("a SQLite file");
    let mut statement =
        sqlite.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").expect("a query");
    let names = statement.query_map([], |row| row.get(0)).expect("names");
    names.collect::<Result<_, _>>().expect("a name")
}

fn columns_of_sqlite(sqlite: &rusqlite::Connection, table: &str) -> Vec<(String, String)> {
    let mut statement =
        sqlite.prepare("SELECT name, type FROM pragma_table_info(?) ORDER BY cid").expect("a query");
    let columns = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).expect("columns");
    columns.collect::<Result<_, _>>().expect("a column")
}

fn type_of_sqlite(declared: &str) -> &str {
    match declared.split('(').next().unwrap_or_default() {
        "BIGINT" | "INTEGER" | "SMALLINT" => "BIGINT",
        "BOOLEAN" => "BOOLEAN",
        "DOUBLE" => "DOUBLE",
        "BLOB" => "BLOB",
        "DATETIME" => "TIMESTAMP WITH TIME ZONE",
        "DATE" => "DATE",
        "NUMERIC" | "NUMERIC_BLOB" => "DECIMAL(38,9)",
        _ => "VARCHAR",
    }
}

/// The tables of a dataset of files, in the schema `data`. A table without files is not there.
///
/// # Panics
/// If a file cannot be read.
pub fn of_folder(dataset: &Path) -> Connection {
    let connection = empty();
    for folder in entries(dataset).into_iter().filter(|path| path.is_dir()) {
        let table = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let files = entries(&folder);
        let Some(first) = files.first().filter(|_| table != "_cartage") else { continue };
        let names: Vec<String> = files.iter().map(|file| format!("'{}'", file.display())).collect();
        let names = names.join(", ");
        let source = if first.to_string_lossy().contains(".jsonl") {
            format!(
                "read_json([{names}], format = 'newline_delimited', union_by_name = true, sample_size = -1, \
                 maximum_object_size = 100000000)"
            )
        } else {
            format!("read_parquet([{names}], union_by_name = true)")
        };
        run(&connection, &format!("CREATE TABLE data.\"{table}\" AS SELECT * FROM {source}"));
    }
    connection
}

fn empty() -> Connection {
    let connection = Connection::open_in_memory().expect("a database in memory");
    run(&connection, "CREATE SCHEMA data");
    connection
}

fn run(connection: &Connection, sql: &str) {
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn duckdb_type(of_server: &str) -> String {
    match of_server {
        "character varying" => "VARCHAR".to_owned(),
        "jsonb" => "JSON".to_owned(),
        other if other.starts_with("character varying") => "VARCHAR".to_owned(),
        other => other.replace("numeric", "decimal"),
    }
}
