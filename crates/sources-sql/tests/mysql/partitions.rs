//! Ranges of a column: each row once, whatever its column holds.

use serde_json::json;

use crate::ranges::each_row_comes_once;
use crate::support::Database;

#[test]
fn each_row_comes_once_whatever_divides_the_table() {
    let database = Database::with(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, v INT, d DATE, at TIMESTAMP(6) NOT NULL, dt DATETIME); \
         INSERT INTO t SELECT seq, IF(seq % 10 > 0, CAST(seq AS SIGNED) - 250, NULL), DATE_ADD('2024-01-01', INTERVAL seq DAY), \
         DATE_ADD('2024-01-01', INTERVAL seq HOUR), DATE_ADD('1950-01-01', INTERVAL seq WEEK) FROM seq_1_to_500; \
         CREATE TABLE empty (id INT); CREATE VIEW seen AS SELECT * FROM t",
    );
    let partitions = [
        json!("auto"),
        json!({"column": "id", "num": 4}),
        json!({"column": "v", "num": 7}),
        json!({"column": "d", "num": 3}),
        json!({"column": "at", "num": 5}),
        json!({"column": "dt", "num": 5}),
    ];
    each_row_comes_once(&|name, keys| database.resource(name, &json!({}), keys), &partitions);
}
