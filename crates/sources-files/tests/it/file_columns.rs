//! `file_columns`: what is known of a file beside its rows.

use serde_json::{Value, json};

use crate::support::{Folder, gzip};

#[test]
fn rows_get_what_is_known_of_their_file() {
    let folder = Folder::new();
    folder.write("in/a b/x.jsonl", "{\"id\":1}\n\n{}\n");
    folder.write("in/y.csv.gz", gzip(b"id\n3\n"));
    let all = [
        "file_name",
        "relative_path",
        "file_url",
        "mime_type",
        "encoding",
        "size_in_bytes",
        "modification_date",
    ];
    let read = folder.read(&json!({"path": ["in/**/*.jsonl", "in/*.gz"], "file_columns": all}));
    let text = read.text();
    let rows: Vec<Value> = text
        .split(|byte| *byte == b'\n')
        .filter(|row| !row.is_empty())
        .map(|row| serde_json::from_slice(row).unwrap())
        .collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(
        (&rows[0]["file_name"], &rows[0]["relative_path"]),
        (&json!("x.jsonl"), &json!("a b/x.jsonl"))
    );
    assert_eq!((&rows[0]["id"], &rows[0]["size_in_bytes"]), (&json!(1), &json!(13)));
    assert!(rows[0]["file_url"].as_str().unwrap().ends_with("/in/a%20b/x.jsonl"));
    assert!(rows[0]["file_url"].as_str().unwrap().starts_with("file:///"));
    assert_eq!(rows[1]["mime_type"], "application/jsonl");
    assert!(rows[1].get("encoding").is_none());
    assert_eq!((&rows[2]["mime_type"], &rows[2]["encoding"]), (&json!("text/csv"), &json!("gzip")));
    assert!(rows[2]["modification_date"].as_str().unwrap().starts_with("20"));
    assert_eq!(read.pages[0].origins()[1].first_line, 3, "rows keep their places");
    assert_eq!(read.column_types.len(), 1);
}

#[test]
fn a_key_that_is_there_already_is_an_error_with_its_place() {
    let folder = Folder::new();
    folder.write("a.jsonl", "{\"note\":\"\\\"file_name\\\"\"}\n{\"id\":1,\"file_name\":\"x\"}\n");
    folder.write("b.jsonl", "{\"id\":{\"file_name\":1}}\n");
    folder.write("c.csv", "file_name,id\nx,1\n");
    folder.write("d.jsonl", "{\"file\\u005fname\":1}\n");
    for (path, place) in
        [("a.jsonl", "a.jsonl line 2: "), ("c.csv", "c.csv line 2: "), ("d.jsonl", "d.jsonl line 1: ")]
    {
        let error = folder.error(&json!({"path": path, "file_columns": ["file_name"]}));
        assert!(error.starts_with(place) && error.contains("leave `file_name` out"), "{error}");
    }
    let nested = folder.rows(&json!({"path": "b.jsonl", "file_columns": ["file_name"]}));
    assert_eq!(nested, "{\"file_name\":\"b.jsonl\",\"id\":{\"file_name\":1}}");
}
