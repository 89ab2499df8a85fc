//! What holds for every database that is a server.

use serde_json::json;

use crate::shared::{resource, rows_of, source};

/// At this address nothing listens; its password is `hush`.
pub(crate) fn fails_each_table_and_shows_no_password(url: &str) {
    let refused = source(&json!({"credentials": url}), None);
    let error = refused.resources(Vec::new()).unwrap_err().to_string();
    let mut made = resource(&refused, "orders", &json!({}), &json!({})).unwrap();
    let of_table = rows_of(&mut made.reader, None).unwrap_err().to_string();
    for (error, words) in [
        (&error, ["source `crm`", "127.0.0.1:1/db", "check host and port"]),
        (&of_table, ["table `orders`", "127.0.0.1:1/db", "check host and port"]),
    ] {
        assert!(!error.contains("hush"), "{error}");
        for word in words {
            assert!(error.contains(word), "{word} is not in: {error}");
        }
    }
}
