//! Programs that print rows.

use cartage_sources_process::process;
use serde_json::json;

use crate::support::{Folder, rows_of};

#[test]
fn each_line_is_a_row_of_one_resource() {
    let folder = Folder::with("echo '{\"id\": 1}'; echo; printf '{\"id\": 2}'");
    let source = folder.source(process, json!({}), json!({})).unwrap();
    assert_eq!(source.resources[0].name, "test");
    assert_eq!(rows_of(source).unwrap(), [json!({"id": 1}), json!({"id": 2})]);
}

#[test]
fn a_command_may_be_a_text_for_the_shell_and_gets_its_variables() {
    let folder = Folder::with("");
    let keys = json!({"command": "echo \"{\\\"key\\\": \\\"$KEY\\\"}\" | cat", "env": {"KEY": "4711"}});
    let source = folder.source(process, keys, json!({"items": {"primary_key": "key"}})).unwrap();
    assert_eq!(source.resources[0].name, "items");
    assert_eq!(rows_of(source).unwrap(), [json!({"key": "4711"})]);
}

#[test]
fn an_exit_code_is_an_error_with_the_last_lines_and_without_secrets() {
    let folder = Folder::with("echo '{\"id\": 1}'; echo \"no access with $TOKEN\" >&2; exit 3");
    let source = folder.source(process, json!({"env": {"TOKEN": "geheim"}}), json!({})).unwrap();
    let error = rows_of(source).unwrap_err();
    for part in ["program `sh`", "exit code 3", "no access with ***"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_cannot_be_started_names_the_remedy() {
    let folder = Folder::with("");
    let source = folder.source(process, json!({"command": ["./nothing-here"]}), json!({})).unwrap();
    let error = rows_of(source).unwrap_err();
    assert!(
        error.contains("cannot be started") && error.contains("`command` must name a program"),
        "{error}"
    );
    let error = folder.source(process, json!({"command": []}), json!({})).unwrap_err();
    assert!(error.contains("has no program"), "{error}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let folder = Folder::with("");
    let two = json!({"a": {}, "b": {}});
    let error = folder.source(process, json!({}), two).unwrap_err();
    assert!(error.contains("output = \"protocol\""), "{error}");
    let error = folder.source(process, json!({"config": {"a": 1}}), json!({})).unwrap_err();
    assert!(error.contains("source protocol"), "{error}");
}
