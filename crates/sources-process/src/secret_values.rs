//! Which texts of a program's configuration messages must not show.

use cartage_config::is_secret_key;
use serde_json::Value;

/// All texts under keys whose names say that they are secrets.
pub(crate) fn secret_values(config: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(config, false, &mut found);
    found
}

fn collect(value: &Value, is_secret: bool, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                collect(value, is_secret || is_secret_key(key), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, is_secret, found)),
        Value::String(text) if is_secret => found.push(text.clone()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_below_secret_keys_are_found_and_others_are_not() {
        let config =
            json!({"user": "ann", "password": "abcd", "auth": [{"token": {"of": "efgh"}}], "port": 5});
        assert_eq!(secret_values(&config), ["abcd", "efgh"]);
    }
}
