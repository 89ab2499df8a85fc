//! Connectors.

use cartage_sources_process::airbyte;
use serde_json::{Map, Value, json};

use crate::support::{Folder, take};

/// A connector with this catalog that prints these lines when it is read, and keeps the files that it was given.
fn connector(lines: &[Value]) -> Folder {
    let folder = Folder::with(
        "[ \"$1\" = discover ] && exec cat catalog\n\
         while [ $# -gt 0 ]; do\n  case $1 in --config|--catalog|--state) cp \"$2\" \"given${1#-}\"; shift;; esac; shift\ndone\n\
         exec cat lines\n",
    );
    let catalog = json!({"type": "CATALOG", "catalog": {"streams": [
        {"name": "users", "json_schema": {"properties": {"id": {"type": "integer"}}}, "supported_sync_modes": ["full_refresh", "incremental"],
         "source_defined_cursor": true, "default_cursor_field": ["at"], "source_defined_primary_key": [["id"]]},
        {"name": "products", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
    ]}});
    folder.write("catalog", &format!("a line of a log\n{catalog}\n"));
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    folder.write("lines", &(lines.join("\n") + "\n"));
    folder
}

fn record(stream: &str, data: Value) -> Value {
    json!({"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1_795_911_054_776.382}})
}

fn state(stream: &str, state: Value, count: Option<f64>) -> Value {
    let mut said = json!({"type": "STREAM", "stream": {"stream_descriptor": {"name": stream, "namespace": null}, "stream_state": state}});
    if let Some(count) = count {
        said["sourceStats"] = json!({"recordCount": count});
    }
    json!({"type": "STATE", "state": said})
}

fn given(folder: &Folder, name: &str) -> Value {
    serde_json::from_str(&folder.read(name)).unwrap()
}

#[test]
fn streams_have_sync_modes_and_states_of_their_own() {
    let folder = connector(&[
        json!({"type": "LOG", "log": {"level": "INFO", "message": "starting"}}),
        json!({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": {"stream_descriptor": {"name": "users"}, "status": "STARTED"}}}),
        record("users", json!({"id": 1})),
        record("products", json!({"id": 9})),
        record("users", json!({"id": 2})),
        state("users", json!({"at": "2"}), Some(2.0)),
        state("products", json!({"done": true}), None),
    ]);
    let source = || folder.source(airbyte, json!({"config": {"count": 2}}), json!({})).unwrap();
    let taken = take(source(), &Map::new()).unwrap();
    assert_eq!(taken.rows["users"], [json!({"id": 1}), json!({"id": 2})]);
    assert_eq!(taken.rows["products"], [json!({"id": 9})]);
    let catalog = given(&folder, "given-catalog");
    let modes: Vec<_> =
        catalog["streams"].as_array().unwrap().iter().map(|stream| stream["sync_mode"].clone()).collect();
    assert_eq!(modes, ["incremental", "full_refresh"]);

    take(source(), &taken.state).unwrap();
    let handed = given(&folder, "given-state");
    assert_eq!(handed.as_array().unwrap().len(), 1, "{handed}");
    assert_eq!(handed[0]["stream"]["stream_state"], json!({"at": "2"}));
    assert_eq!(given(&folder, "given-config"), json!({"count": 2}));
}

#[test]
fn a_table_that_is_replaced_is_read_in_full() {
    let folder = connector(&[record("users", json!({"id": 1})), state("users", json!({"at": "2"}), None)]);
    let hints = json!({"users": {"write_disposition": "replace"}});
    let source = || folder.source(airbyte, json!({"streams": ["users"]}), hints.clone()).unwrap();
    let taken = take(source(), &Map::new()).unwrap();
    take(source(), &taken.state).unwrap();
    assert_eq!(given(&folder, "given-catalog")["streams"][0]["sync_mode"], "full_refresh");
    assert!(!folder.path().join("given-state").exists());
}

#[test]
fn one_state_for_all_streams_is_one_of_the_source() {
    let global = json!({"type": "GLOBAL", "global": {"shared_state": {"lsn": 5}, "stream_states": []}});
    let folder = connector(&[record("users", json!({"id": 1})), json!({"type": "STATE", "state": global})]);
    let taken = take(folder.source(airbyte, json!({}), json!({})).unwrap(), &Map::new()).unwrap();
    assert_eq!(taken.state["airbyte_state"], global);
    take(folder.source(airbyte, json!({}), json!({})).unwrap(), &taken.state).unwrap();
    assert_eq!(given(&folder, "given-state"), json!([global]));
}

#[test]
fn errors_of_the_connector_are_errors_with_their_kind() {
    let trace = json!({"type": "TRACE", "trace": {"type": "ERROR", "error": {
        "message": "Wrong token", "internal_message": "401", "failure_type": "config_error", "stack_trace": "a\nb\n"}}});
    let folder = connector(&[record("users", json!({"id": 1})), trace.clone()]);
    let error = take(folder.source(airbyte, json!({}), json!({})).unwrap(), &Map::new()).unwrap_err();
    assert!(
        ["Wrong token", "configuration is wrong", "401"].iter().all(|part| error.contains(part)),
        "{error}"
    );

    let folder = Folder::with(&format!("printf '%s\\n' '{trace}'; exit 1"));
    let error = folder.source(airbyte, json!({}), json!({})).unwrap_err();
    assert!(error.contains("Wrong token"), "{error}");
    let folder = Folder::with("echo hello");
    let error = folder.source(airbyte, json!({}), json!({})).unwrap_err();
    assert!(error.contains("an Airbyte source"), "{error}");
}

#[test]
fn records_that_are_missing_before_a_state_end_the_run() {
    let folder =
        connector(&[record("users", json!({"id": 1})), state("users", json!({"at": "2"}), Some(2.0))]);
    let error = take(folder.source(airbyte, json!({}), json!({})).unwrap(), &Map::new()).unwrap_err();
    assert!(error.contains("2 records of stream `users`") && error.contains("there were 1"), "{error}");
}
