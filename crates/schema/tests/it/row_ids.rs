//! Ids of rows against dlt.

use cartage_schema::row_hash_id;
use cartage_values::canonical;
use serde_json::{Map, Value, json};

use crate::vectors::{Differences, rows};

#[test]
fn rows_hash_to_the_ids_of_dlt() {
    let mut differences = Differences::default();
    for row in rows("row_hashes") {
        let document = row[0].as_object().unwrap();
        let all = canonical::to_vec(&row[0]);
        differences.check(&row[0], &json!(String::from_utf8(all).unwrap()), &row[2]);
        let own: Map<String, Value> =
            document.clone().into_iter().filter(|(key, _)| !key.starts_with("_dlt")).collect();
        differences.check(&row[0], &json!(row_hash_id(&canonical::to_vec(&Value::Object(own)))), &row[1]);
    }
    for row in rows("nested_hashes") {
        let text = format!("{}_{}_{}", row[0].as_str().unwrap(), row[1].as_str().unwrap(), row[2]);
        differences.check(&row, &json!(row_hash_id(text.as_bytes())), &row[3]);
    }
}
