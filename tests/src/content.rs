//! What is in a dataset, without what differs from run to run: the measure of "the same rows".

use std::collections::BTreeMap;

use duckdb::Connection;

/// Rows and a checksum over all values of each data table of dataset `data`, made-up ids left out.
///
/// # Panics
/// If a query fails.
pub fn content(database: &Connection) -> BTreeMap<String, (i64, String)> {
    let tables = strings(
        database,
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'data' AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\'",
    );
    tables.into_iter().map(|table| (table.clone(), checksum(database, &table))).collect()
}

fn checksum(database: &Connection, table: &str) -> (i64, String) {
    let columns = strings(
        database,
        &format!(
            "SELECT '\"' || replace(column_name, '\"', '\"\"') || '\"' FROM duckdb_columns() \
             WHERE schema_name = 'data' AND table_name = '{table}' AND column_name NOT IN \
             ('_dlt_id', '_dlt_parent_id', '_dlt_root_id', '_dlt_load_id', '_dlt_valid_from', '_dlt_valid_to') \
             ORDER BY column_name"
        ),
    );
    // When a version began and ended differs from run to run, but not whether it ended.
    let ends = format!(
        "SELECT '(' || column_name || ' IS NULL)' FROM duckdb_columns() \
         WHERE schema_name = 'data' AND table_name = '{table}' AND column_name = '_dlt_valid_to'"
    );
    let columns = [columns, strings(database, &ends)].concat();
    let sql = format!(
        "SELECT count(*), coalesce(sum(hash({})::HUGEINT), 0)::VARCHAR FROM data.\"{table}\"",
        columns.join(", ")
    );
    database
        .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn strings(database: &Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let found = statement.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    found.map(|row| row.expect("a row")).collect()
}
