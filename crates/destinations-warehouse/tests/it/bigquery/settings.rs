//! dlt's keys: what is taken, what is refused, and what shows nowhere.

use cartage_destinations_api::{Destination as _, ErrorKind, IdentifierCase};
use cartage_destinations_sql::SqlEngine as _;
use cartage_destinations_warehouse::bigquery::{self, BigQuery};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::util::request;

fn read(keys: &Value) -> cartage_destinations_api::Result<BigQuery> {
    bigquery::connect(&request("raw", keys))
}

/// A key that only looks like one: nothing is signed with it.
fn document() -> Value {
    json!({
        "type": "service_account", "project_id": "paid", "private_key_id": "1", "client_email": "a@paid",
        "private_key": "hush-hush", "token_uri": "https://oauth2.googleapis.com/token",
    })
}

#[test]
fn keys_of_dlt_are_taken_and_an_address_of_an_emulator_needs_no_credentials() {
    let keys = json!({
        "url": "http://127.0.0.1:1/", "credentials": document(), "project_id": "data", "location": "EU",
        "http_timeout": "30", "file_upload_timeout": 60, "retry_deadline": 5.5, "batch_size": 500,
        "autodetect_schema": false, "has_case_sensitive_identifiers": false,
    });
    let destination = read(&keys).unwrap();
    assert_eq!(destination.description().location, "project data");
    assert_eq!(destination.capabilities().names.identifier_case, IdentifierCase::Insensitive);
    assert!(destination.preview().is_some());
    let shown = format!("{destination:?}");
    assert!(shown.contains("billed: \"paid\"") && !shown.contains("hush"), "{shown}");
}

#[test]
fn credentials_may_be_a_table_a_text_or_a_file() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("key.json"), document().to_string()).unwrap();
    for credentials in [document(), document().to_string().into(), "key.json".into()] {
        let keys = json!({"url": "http://127.0.0.1:1", "credentials": credentials});
        let request = request("raw", &keys).in_folder(folder.path());
        let destination = bigquery::connect(&request).unwrap();
        assert_eq!(destination.engine().description().location, "project paid");
        // A broken key is told before anything is sent, without a word of it.
        let keys = json!({"credentials": credentials});
        let broken = super::util::request("raw", &keys).in_folder(folder.path());
        let error = bigquery::connect(&broken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_the_remedy() {
    for (keys, named) in [
        (json!({"autodetect_schema": true}), "autodetect_schema"),
        (json!({"ignore_unknown_values": true}), "ignore_unknown_values"),
        (json!({"create_indexes": true}), "create_indexes"),
        (json!({"locaton": "EU"}), "locaton"),
        (json!({"credentials": {"private_kee": "hush"}}), "private_kee"),
        (json!({"credentials": {"refresh_token": "hush", "client_id": "x"}}), "refresh_token"),
        (json!({"credentials": "no-such-file.json"}), "no-such-file.json"),
        (json!({"credentials": "[1]"}), "credentials"),
    ] {
        let mut keys = keys;
        keys["url"] = "http://127.0.0.1:1".into();
        keys["project_id"] = "p".into();
        let error = read(&keys).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.to_string().contains(named) && error.remedy().is_some(), "{error:?}");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}
