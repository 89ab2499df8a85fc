//! Ranges of a column: each row once, whatever its column holds.

use serde_json::{Value, json};

use crate::support::Database;

fn ids(database: &Database, name: &str, keys: &Value) -> Vec<i64> {
    let rows = database.rows(name, &json!({}), keys).unwrap();
    let mut ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn each_row_comes_once_whatever_divides_the_table() {
    let database = Database::with(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, v INT, d DATE, at TIMESTAMP(6) NOT NULL, dt DATETIME); \
         INSERT INTO t SELECT seq, IF(seq % 10 > 0, CAST(seq AS SIGNED) - 250, NULL), DATE_ADD('2024-01-01', INTERVAL seq DAY), \
         DATE_ADD('2024-01-01', INTERVAL seq HOUR), DATE_ADD('1950-01-01', INTERVAL seq WEEK) FROM seq_1_to_500; \
         CREATE TABLE empty (id INT); CREATE VIEW seen AS SELECT * FROM t",
    );
    let all: Vec<i64> = (1..=500).collect();
    for partitions in [
        json!("auto"),
        json!({"column": "id", "num": 4}),
        json!({"column": "v", "num": 7}),
        json!({"column": "d", "num": 3}),
        json!({"column": "at", "num": 5}),
        json!({"column": "dt", "num": 5}),
    ] {
        let keys = json!({"partitions": partitions});
        assert_eq!(ids(&database, "t", &keys), all, "{partitions}");
        assert_eq!(ids(&database, "seen", &keys), all, "{partitions}");
    }
    assert!(ids(&database, "empty", &json!({"partitions": {"column": "id", "num": 4}})).is_empty());
}
