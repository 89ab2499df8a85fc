//! Ranges of a column: each row once, whatever its column holds.

use cartage_source_api::Producer;
use serde_json::json;

use crate::ranges::each_row_comes_once;
use crate::support::{Database, rows_of};

#[test]
fn each_row_comes_once_whatever_divides_the_table() {
    let database = Database::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, d DATE, at TIMESTAMP NOT NULL); \
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500) \
         INSERT INTO t SELECT n, CASE WHEN n % 10 > 0 THEN n - 250 END, date('2024-01-01', n || ' days'), \
         CASE n % 3 WHEN 0 THEN date('2024-01-01', n || ' days') WHEN 1 THEN datetime('2024-01-01', n || ' hours') \
         ELSE strftime('%Y-%m-%dT%H:%M:%SZ', '2024-01-01', n || ' minutes') END FROM n; \
         CREATE TABLE empty (id INTEGER); CREATE VIEW seen AS SELECT * FROM t",
    );
    let partitions = [
        json!("auto"),
        json!(1),
        json!({"column": "id", "num": 4}),
        json!({"column": "v", "num": 7}),
        json!({"column": "d", "num": 3}),
        json!({"column": "at", "num": 5}),
    ];
    each_row_comes_once(&|name, keys| database.resource(name, &json!({}), keys), &partitions);
}

#[test]
fn a_number_of_parts_needs_sessions_that_see_one_moment() {
    let database = Database::with("CREATE TABLE t (id INTEGER)");
    let mut made = database.resource("t", &json!({}), &json!({"partitions": 4}));
    let error = rows_of(&mut made.reader, None).unwrap_err().to_string();
    assert!(error.contains("same point in time") && error.contains("column = \"id\""), "{error}");
    assert!(made.reader.next_page().unwrap().is_none());
}
