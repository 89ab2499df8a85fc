//! Taps.

use cartage_sources_process::singer;
use serde_json::{Map, Value, json};

use crate::support::{Folder, take};

/// A tap with this catalog that prints these lines when it is read, and keeps the files that it was given.
fn tap(catalog: &Value, lines: &str) -> Folder {
    let folder = Folder::with(
        "for argument in \"$@\"; do [ \"$argument\" = --discover ] && exec cat catalog.json; done\n\
         echo \"$@\" > arguments\n\
         while [ $# -gt 0 ]; do\n  case $1 in --config|--catalog|--state) cp \"$2\" \"given${1#-}\"; shift;; esac; shift\ndone\n\
         exec cat lines\n",
    );
    folder.write("catalog.json", &catalog.to_string());
    folder.write("lines", lines);
    folder
}

fn catalog() -> Value {
    json!({"streams": [
        {"tap_stream_id": "orders", "stream": "orders", "key_properties": ["id"],
         "schema": {"properties": {"id": {"type": "integer"}, "at": {"type": ["null", "string"], "format": "date-time"}}}},
        {"tap_stream_id": "full", "stream": "full", "key_properties": ["id"], "replication_method": "FULL_TABLE", "schema": {}},
    ]})
}

const LINES: &str = r#"{"type":"STATE","value":{"bookmarks":{"orders":{"at":"1"}}}}
{"type":"SCHEMA","stream":"orders","schema":{"properties":{"id":{"type":"integer"}}},"key_properties":["id"]}
{"type":"RECORD","stream":"orders","record":{"id":1,"at":"2024-05-06T07:08:09Z"},"time_extracted":"2024-05-06T07:08:09Z"}
{"type":"SCHEMA","stream":"full","schema":{},"key_properties":["id"]}
{"type":"RECORD","stream":"full","record":{"id":7}}
{"type":"SCHEMA","stream":"orders","schema":{"properties":{"id":{"type":"integer"},"day":{"type":"string","format":"date"}}},"key_properties":["id"]}
{"type":"RECORD","stream":"orders","record":{"id":2,"day":"2024-05-06"}}
{"type":"STATE","value":{"bookmarks":{"orders":{"at":"2"},"full":{"x":1}}}}
"#;

#[test]
fn streams_are_resources_and_the_state_is_handed_back() {
    let folder = tap(&catalog(), LINES);
    let keys = json!({"config": {"user": "ann", "password": "geheim"}});
    let source = folder.source(singer, keys.clone(), json!({})).unwrap();
    let hints: Vec<_> = source.resources[1..]
        .iter()
        .map(|resource| serde_json::to_value(&resource.hints).unwrap()["write_disposition"].clone())
        .collect();
    assert_eq!(hints, ["merge", "replace"]);
    let taken = take(source, &Map::new()).unwrap();
    assert_eq!(taken.rows["orders"].len(), 2);
    assert_eq!(taken.rows["full"], [json!({"id": 7})]);
    assert_eq!(taken.state["singer_state"]["bookmarks"]["orders"], json!({"at": "2"}));
    let arguments = folder.read("arguments");
    assert!(!arguments.contains("geheim") && !arguments.contains("--state"), "{arguments}");
    assert_eq!(serde_json::from_str::<Value>(&folder.read("given-config")).unwrap(), keys["config"]);

    // What is replaced needs all rows each time.
    take(folder.source(singer, keys, json!({})).unwrap(), &taken.state).unwrap();
    let state: Value = serde_json::from_str(&folder.read("given-state")).unwrap();
    assert_eq!(state, json!({"bookmarks": {"orders": {"at": "2"}}}));
}

#[test]
fn a_text_for_the_shell_gets_the_arguments() {
    let folder = tap(&catalog(), LINES);
    let keys = json!({"command": "sh program.sh \"$@\"", "config": {"user": "ann"}});
    let taken = take(folder.source(singer, keys.clone(), json!({})).unwrap(), &Map::new()).unwrap();
    assert_eq!(taken.rows["orders"].len(), 2);
    assert_eq!(serde_json::from_str::<Value>(&folder.read("given-config")).unwrap(), keys["config"]);
}

#[test]
fn only_streams_that_are_named_are_asked_for() {
    let folder = tap(&catalog(), LINES);
    let source = folder.source(singer, json!({"streams": ["orders"]}), json!({})).unwrap();
    let taken = take(source, &Map::new()).unwrap();
    assert_eq!(taken.rows.keys().collect::<Vec<_>>(), ["orders"]);
    let given: Value = serde_json::from_str(&folder.read("given-catalog")).unwrap();
    let selected: Vec<_> =
        given["streams"].as_array().unwrap().iter().map(|stream| stream["selected"].clone()).collect();
    assert_eq!(selected, [true, false]);
    let error = folder.source(singer, json!({"streams": ["order"]}), json!({})).unwrap_err();
    assert!(error.contains("no resource `order`; did you mean `orders`?"), "{error}");
}

#[test]
fn a_tap_without_a_catalog_says_its_keys_with_its_first_message() {
    let folder = tap(&json!({}), LINES);
    let keys = json!({"discover": false, "streams": ["orders", "full"]});
    let taken = take(folder.source(singer, keys, json!({})).unwrap(), &Map::new()).unwrap();
    assert_eq!(taken.rows["orders"].len(), 2);
    assert!(!folder.read("arguments").contains("--catalog"));
    let error = folder.source(singer, json!({"discover": false}), json!({})).unwrap_err();
    assert!(error.contains("needs a list of its streams"), "{error}");
}

#[test]
fn a_stream_that_comes_again_and_has_no_key_is_told_of() {
    let mut catalog = catalog();
    catalog["streams"][0]["key_properties"] = json!([]);
    let lines = LINES.replace(r#""key_properties":["id"]"#, r#""key_properties":[]"#);
    let folder = tap(&catalog, &lines.replace(r#"{"at":"2"}"#, "{}"));
    let read = |state: &Map<String, Value>, listed: Value| {
        take(folder.source(singer, json!({}), listed).unwrap(), state).unwrap()
    };
    let first = read(&Map::new(), json!({}));
    assert!(first.warnings.is_empty(), "{:?}", first.warnings);
    let second = read(&first.state, json!({}));
    assert_eq!(second.warnings.len(), 1, "{:?}", second.warnings);
    assert!(second.warnings[0].contains("stream `orders` has no key"), "{:?}", second.warnings);
    let replaced = read(&first.state, json!({"orders": {"write_disposition": "replace"}}));
    assert!(replaced.warnings.is_empty(), "{:?}", replaced.warnings);
}

#[test]
fn files_of_batches_are_read_and_stay() {
    let folder = tap(&catalog(), "");
    folder.write("batch.jsonl", "{\"id\":1}\n{\"id\":2}\n");
    let path = folder.path().join("batch.jsonl");
    folder.write(
        "lines",
        &format!(
            "{}\n{}\n",
            json!({"type": "SCHEMA", "stream": "orders", "schema": {}, "key_properties": ["id"]}),
            json!({"type": "BATCH", "stream": "orders", "encoding": {"format": "jsonl", "compression": "none"},
                   "manifest": [format!("file://{}", path.display())]})
        ),
    );
    let taken = take(folder.source(singer, json!({}), json!({})).unwrap(), &Map::new()).unwrap();
    assert_eq!(taken.rows["orders"], [json!({"id": 1}), json!({"id": 2})]);
    assert!(path.exists(), "a tap can name any file");
}

#[test]
fn a_new_version_of_rows_that_are_merged_is_an_error_and_the_same_is_none() {
    let lines = |version: i64| {
        format!(
            "{}\n{}\n{}\n",
            json!({"type": "SCHEMA", "stream": "orders", "schema": {}, "key_properties": ["id"]}),
            json!({"type": "RECORD", "stream": "orders", "record": {"id": 1}, "version": version}),
            json!({"type": "ACTIVATE_VERSION", "stream": "orders", "version": version}),
        )
    };
    let folder = tap(&catalog(), &lines(5));
    let read = |state: &Map<String, Value>| take(folder.source(singer, json!({}), json!({})).unwrap(), state);
    let first = read(&Map::new()).unwrap();
    assert_eq!(first.state["resources"]["orders"]["singer_version"], 5);
    read(&first.state).unwrap();
    folder.write("lines", &lines(6));
    let error = read(&first.state).unwrap_err();
    assert!(
        error.contains("begun stream `orders` anew") && error.contains("--refresh drop_resources"),
        "{error}"
    );
}

#[test]
fn what_a_tap_says_wrong_is_an_error_that_names_it() {
    let schema = r#"{"type":"SCHEMA","stream":"orders","schema":{},"key_properties":["other"]}"#;
    for (line, part) in [
        ("Traceback", "not a message of the Singer specification"),
        (r#"{"type":"RECORD","stream":"orders","record":{}}"#, "comes before its SCHEMA"),
        (r#"{"type":"RECORD","stream":"nothing","record":{}}"#, "catalog does not have"),
        (schema, "its catalog says [\"id\"]"),
    ] {
        let folder = tap(&catalog(), &format!("{line}\n"));
        let error = take(folder.source(singer, json!({}), json!({})).unwrap(), &Map::new()).unwrap_err();
        assert!(error.contains(part), "{line}: {error}");
    }
    let folder = Folder::with("echo 'no such option: --discover' >&2; exit 2");
    let error = folder.source(singer, json!({}), json!({})).unwrap_err();
    assert!(error.contains("exit code 2") && error.contains("no such option"), "{error}");
    let folder = tap(&json!({"a": 1}), "");
    let error = folder.source(singer, json!({}), json!({})).unwrap_err();
    assert!(error.contains("discover = false"), "{error}");
}

#[test]
fn streams_that_share_a_name_in_messages_are_not_mixed() {
    let stream =
        |id: &str| json!({"tap_stream_id": id, "stream": "orders", "key_properties": ["id"], "schema": {}});
    let lines = "{\"type\":\"SCHEMA\",\"stream\":\"orders\",\"schema\":{},\"key_properties\":[\"id\"]}\n\
                 {\"type\":\"RECORD\",\"stream\":\"orders\",\"record\":{\"id\":1}}\n";
    let folder = tap(&json!({"streams": [stream("a-orders"), stream("b-orders")]}), lines);
    let error = take(folder.source(singer, json!({}), json!({})).unwrap(), &Map::new()).unwrap_err();
    assert!(error.contains("2 streams of the catalog are called `orders`"), "{error}");
    let source = folder.source(singer, json!({"streams": ["b-orders"]}), json!({})).unwrap();
    let taken = take(source, &Map::new()).unwrap();
    assert_eq!(taken.rows["b-orders"], [json!({"id": 1})]);
}

#[test]
fn a_stream_that_was_refreshed_is_read_from_the_beginning() {
    let folder = tap(&catalog(), LINES);
    let source = || folder.source(singer, json!({"streams": ["orders"]}), json!({})).unwrap();
    let mut state = take(source(), &Map::new()).unwrap().state;
    take(source(), &state).unwrap();
    let given = || serde_json::from_str::<Value>(&folder.read("given-state")).unwrap();
    assert_eq!(given()["bookmarks"]["orders"], json!({"at": "2"}));
    // As `--refresh drop_resources` leaves it.
    state.remove("resources");
    take(source(), &state).unwrap();
    assert_eq!(given()["bookmarks"].get("orders"), None);
}

#[test]
fn a_table_that_is_replaced_is_not_told_a_state_that_cannot_be_divided() {
    let lines = "{\"type\":\"SCHEMA\",\"stream\":\"orders\",\"schema\":{},\"key_properties\":[\"id\"]}\n\
                 {\"type\":\"RECORD\",\"stream\":\"orders\",\"record\":{\"id\":1}}\n{\"type\":\"STATE\",\"value\":{\"u\":50}}\n";
    let folder = tap(&catalog(), lines);
    let hints = json!({"orders": {"write_disposition": "replace"}});
    let source = |streams: Value| folder.source(singer, json!({"streams": streams}), hints.clone()).unwrap();
    let taken = take(source(json!(["orders"])), &Map::new()).unwrap();
    take(source(json!(["orders"])), &taken.state).unwrap();
    assert!(!folder.path().join("given-state").exists());
}

#[test]
fn streams_that_would_become_one_table_are_refused() {
    let stream =
        |id: &str| json!({"tap_stream_id": id, "stream": id, "key_properties": ["id"], "schema": {}});
    let folder = tap(&json!({"streams": [stream("my-orders"), stream("my_orders")]}), "");
    let error = folder.source(singer, json!({}), json!({})).unwrap_err();
    assert!(error.contains("both become the table `my_orders`") && error.contains("`table_name`"), "{error}");
    folder.source(singer, json!({"streams": ["my-orders"]}), json!({})).unwrap();
    folder.source(singer, json!({}), json!({"my-orders": {"table_name": "others"}})).unwrap();
}
