//! What other destinations hold, as tables of a DuckDB in memory: tests look at all of them in the same way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cartage_test_support::postgres::Server;
use duckdb::Connection;

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
