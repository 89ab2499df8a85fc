//! JSON documents to rows.

use std::sync::Arc;

use cartage_row_readers::DocumentReader;
use cartage_source_api::{JsonPage, SourceError};
use proptest::prelude::*;
use serde_json::{Value, json};

fn split(document: &str, selector: &str) -> Result<Vec<JsonPage>, SourceError> {
    let source: Arc<str> = "doc.json".into();
    let mut reader = DocumentReader::new(document.as_bytes(), &source, selector.parse().unwrap(), 1 << 20);
    std::iter::from_fn(|| reader.next_page().transpose()).collect()
}

fn rows(document: &str, selector: &str) -> Vec<String> {
    let pages = split(document, selector).unwrap();
    let text: Vec<u8> = pages.iter().flat_map(|page| page.text().to_vec()).collect();
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

fn error(document: &str, selector: &str) -> String {
    split(document, selector).unwrap_err().to_string()
}

#[test]
fn an_array_one_document_and_a_sequence_are_rows() {
    assert_eq!(
        rows("[{\"a\":1}, {\"a\":2},3,\"x\",null,[1]]", ""),
        ["{\"a\":1}", "{\"a\":2}", "3", "\"x\"", "null", "[1]"]
    );
    assert_eq!(rows("{\"a\": [1, 2]}", "$"), ["{\"a\": [1, 2]}"]);
    assert_eq!(
        rows("{\"a\":1}\n[{\"a\":2},{\"a\":3}] {\"a\":4}", ""),
        ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}", "{\"a\":4}"]
    );
    assert!(rows("", "").is_empty());
    assert!(rows("  [ \n ]  ", "").is_empty());
}

#[test]
fn a_row_is_one_line_and_its_texts_stay_as_they_are() {
    let document = "[\n  {\n    \"a\": \"x\\n }] \\\" y\",\r\n    \"b\": {\n}\n  }\n]\n";
    let found = rows(document, "");
    assert_eq!(found.len(), 1);
    let value: Value = serde_json::from_str(&found[0]).unwrap();
    assert_eq!(value, json!({"a": "x\n }] \" y", "b": {}}));
}

#[test]
fn selectors_lead_to_rows_at_any_depth() {
    let document = r#"{"n": 1, "data": {"items": [{"id": 1}, {"id": 2}], "skip": ["]", {"}": "\""}]},
        "groups": [{"rows": [1, 2]}, {"rows": []}, {"other": 9}, {"rows": [3]}],
        "by key": {"x": {"id": 5}, "y": {"id": 6}}, "none": null}"#;
    assert_eq!(rows(document, "data.items"), [r#"{"id": 1}"#, r#"{"id": 2}"#]);
    assert_eq!(rows(document, "$.data.items[*].id"), ["1", "2"]);
    assert_eq!(rows(document, "data.items[1]"), [r#"{"id": 2}"#]);
    assert_eq!(rows(document, "groups[*].rows"), ["1", "2", "3"]);
    assert_eq!(rows(document, "groups[*].rows[*]"), ["1", "2", "3"]);
    assert_eq!(rows(document, "$['by key'].*"), [r#"{"id": 5}"#, r#"{"id": 6}"#]);
    assert_eq!(rows(document, "data"), [r#"{"items": [{"id": 1}, {"id": 2}], "skip": ["]", {"}": "\""}]}"#]);
    assert!(rows(document, "none").is_empty());
}

#[test]
fn a_selector_that_finds_nothing_is_an_error_unless_the_file_is_empty() {
    assert_eq!(
        error("{\"data\": {}}", "data.items"),
        "doc.json: the data_selector `data.items` finds nothing in it"
    );
    assert!(rows("", "data.items").is_empty());
}

#[test]
fn what_cannot_be_split_is_named_with_line_and_column() {
    for (document, place, reason) in [
        ("[{\"a\":1}\n {\"a\":2}]", "line 2 column 2", "comma"),
        ("[{\"a\":1},\n{\"a\":", "line 2 column 6", "ends inside a value"),
        ("{\"a\": [1}\n", "line 1 column 9", "wrong kind"),
        ("[\"a\n\"]", "line 1 column 4", "line break inside a text"),
        ("[\"abc", "line 1 column 6", "ends inside a text"),
        ("[1, ?]", "line 1 column 5", "expected a JSON value"),
        ("{\"a\" 1}", "line 1 column 6", "colon"),
        ("[1]]", "line 1 column 4", "expected a JSON value"),
    ] {
        let selector = if document.starts_with("{\"a\" 1") { "a" } else { "" };
        let error = error(document, selector);
        assert!(
            error.starts_with(&format!("doc.json {place}: ")) && error.contains(reason),
            "{document}: {error}"
        );
    }
}

#[test]
fn a_row_longer_than_allowed_is_refused() {
    let document = format!("[\"{}\"]", "x".repeat(2 << 20));
    assert!(error(&document, "").contains("row 1 begins here and is longer than 1048576 bytes"));
}

#[test]
fn a_row_too_long_names_the_list_that_its_rows_may_be() {
    let rows = "{\"id\": 1, \"tags\": [\"a\"]},".repeat(60_000);
    let document = format!("{{\"meta\": {{\"n\": [1]}}, \"data\": {{\"items\": [{rows}{{}}]}}}}");
    let error = error(&document, "");
    assert!(error.starts_with("doc.json line 1 column 1: row 1"), "{error}");
    assert!(
        error.contains("`data_selector = \"data.items\"`") && error.contains("`max_row_bytes`"),
        "{error}"
    );
    assert_eq!(self::rows(&document, "data.items").len(), 60_001);
}

#[test]
fn rows_are_counted_where_lines_say_nothing() {
    let document = format!("[{}1]", "{\"a\": \"some words to fill a page\"},".repeat(50_000));
    let pages = split(&document, "").unwrap();
    assert!(pages.len() > 1);
    let origin = &pages[1].origins()[0];
    assert_eq!((origin.first_line, &*origin.source), (pages[0].rows() + 1, "doc.json, counting rows"));
}

#[test]
fn ten_thousand_levels_are_copied_without_recursion() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(rows(&format!("[{deep}]"), ""), [deep]);
}

/// Values with everything that is hard to split: quotes, brackets, escapes, line ends.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z\"\\\\{}\\[\\],:\n\r\t ]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z\"]{0,3}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_rows_of_any_array_are_its_elements(values in prop::collection::vec(value(), 0..8), pretty: bool) {
        let document = Value::from(values.clone());
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        let wrapped = format!("{{\"a\": {{\"b\": {}}}, \"c\": []}}", text.unwrap());
        let found: Vec<Value> = rows(&wrapped, "a.b").iter().map(|row| serde_json::from_str(row).unwrap()).collect();
        prop_assert_eq!(found, values);
    }
}
