//! What holds for tables in parts, where a column divides them.

use cartage_sources_sql::SqlResource;
use serde_json::{Value, json};

use crate::shared::rows_of;

/// Each id from 1 to 500 comes once from `t` and from `seen`, a view of it, and nothing from `empty`.
pub(crate) fn each_row_comes_once(resource: &dyn Fn(&str, &Value) -> SqlResource, partitions: &[Value]) {
    let ids = |name: &str, partitions: &Value| {
        let rows = rows_of(&mut resource(name, &json!({"partitions": partitions})).reader, None).unwrap();
        let mut ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    let all: Vec<i64> = (1..=500).collect();
    for partitions in partitions {
        assert_eq!(ids("t", partitions), all, "{partitions}");
        assert_eq!(ids("seen", partitions), all, "{partitions}");
    }
    assert!(ids("empty", &json!({"column": "id", "num": 4})).is_empty());
}
