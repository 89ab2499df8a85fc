//! Says where two stored schema documents differ: their hashes only say that they do.

use std::collections::BTreeSet;

use serde_json::Value;

/// What counts saves, or names earlier documents, and is not part of the content.
const HISTORY: [&str; 4] = ["version", "version_hash", "previous_hashes", "imported_version_hash"];

/// The places in which the documents of two snapshots differ; none where one of them has no document.
pub(crate) fn compare_documents(want: &Value, have: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let (Some(want), Some(have)) = (want.get("document"), have.get("document")) {
        compare("document", want, have, &mut found);
    }
    found
}

fn compare(place: &str, want: &Value, have: &Value, found: &mut Vec<String>) {
    match (want, have) {
        (Value::Object(wanted), Value::Object(other)) => {
            let is_history = |key: &&String| place == "document" && HISTORY.contains(&key.as_str());
            let keys: BTreeSet<&String> =
                wanted.keys().chain(other.keys()).filter(|key| !is_history(key)).collect();
            for key in keys {
                let place = format!("{place}.{key}");
                match (wanted.get(key), other.get(key)) {
                    (Some(want), Some(have)) => compare(&place, want, have, found),
                    (Some(want), None) => found.push(format!("{place}: want {want}, have nothing")),
                    (None, have) => {
                        found.push(format!("{place}: want nothing, have {}", have.unwrap_or(&Value::Null)));
                    }
                }
            }
        }
        (want, have) if want == have => {}
        (want, have) => found.push(format!("{place}: want {want}, have {have}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_named_by_their_place_and_history_is_none() {
        let want =
            json!({"document": {"version": 1, "settings": {"a": 1}, "tables": {"t": {"columns": {}}}}});
        let have = json!({"document": {"version": 2, "settings": {"a": 2}, "tables": {"u": 1}}});
        assert_eq!(
            compare_documents(&want, &have),
            [
                "document.settings.a: want 1, have 2",
                "document.tables.t: want {\"columns\":{}}, have nothing",
                "document.tables.u: want nothing, have 1",
            ]
        );
        assert!(compare_documents(&want, &json!({})).is_empty());
    }
}
