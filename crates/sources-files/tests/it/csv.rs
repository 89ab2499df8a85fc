//! CSV to rows.

use std::fmt::Write;

use cartage_runtime::OnBadRow;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::Folder;

fn rows(text: impl AsRef<[u8]>, csv: &Value) -> String {
    let folder = Folder::new();
    folder.write("a.csv", text);
    folder.rows(&json!({"path": "a.csv", "csv": csv}))
}

#[test]
fn values_get_the_type_of_their_column() {
    let text = "id,price,ok,zip,name,none\n1,3,true,02139,\"x\",\n2,2.50,FALSE,90210,\"\",\n3,,,,y,\n";
    assert_eq!(
        rows(text, &json!({})),
        r#"{"id":1,"price":3.0,"ok":true,"zip":"02139","name":"x","none":null} {"id":2,"price":2.50,"ok":false,"zip":"90210","name":"","none":null} {"id":3,"price":null,"ok":null,"zip":null,"name":"y","none":null}"#
    );
    assert_eq!(
        rows("id,name\n1,\n2,\"\"\n", &json!({"types": "text"})),
        r#"{"id":"1","name":null} {"id":"2","name":""}"#
    );
}

#[test]
fn a_value_that_breaks_the_type_late_is_kept_as_it_is() {
    let mut text = "n\n".to_owned();
    for number in 0..25_000 {
        writeln!(text, "{number}").unwrap();
    }
    text.push_str("n/a\n");
    let found = rows(&text, &json!({}));
    assert!(found.starts_with("{\"n\":0} {\"n\":1}") && found.ends_with("{\"n\":24999} {\"n\":\"n/a\"}"));
}

#[test]
fn delimiters_quotes_and_escapes_can_be_set() {
    assert_eq!(rows("a;b\n'x;''y';2\n", &json!({"delimiter": ";", "quote": "'"})), r#"{"a":"x;'y","b":2}"#);
    assert_eq!(rows("a,b\n\"x\\\"y\",2\n", &json!({"escape": "\\"})), r#"{"a":"x\"y","b":2}"#);
    assert_eq!(rows("a,b\n\"x,2\n", &json!({"quote": ""})), r#"{"a":"\"x","b":2}"#);
    assert_eq!(rows("a,b\nNA,\"NA\"\n", &json!({"null_values": ["NA"]})), r#"{"a":null,"b":"NA"}"#);
    let folder = Folder::new();
    folder.write("a.tsv", "a\tb\n1\t2\n");
    assert_eq!(folder.rows(&json!({"path": "a.tsv"})), r#"{"a":1,"b":2}"#);
}

#[test]
fn names_come_from_the_header_the_settings_or_the_position() {
    assert_eq!(rows("1,2\n", &json!({"header": false})), r#"{"column_1":1,"column_2":2}"#);
    assert_eq!(
        rows("1,2\n", &json!({"header": false, "types": "text"})),
        r#"{"column_1":"1","column_2":"2"}"#
    );
    assert_eq!(rows("1,2\n", &json!({"header": ["x", "y"]})), r#"{"x":1,"y":2}"#);
    assert_eq!(rows("a,a,,a_1\n1,2,3,4\n", &json!({})), r#"{"a":1,"a_1":2,"column_3":3,"a_1_1":4}"#);
}

#[test]
fn line_ends_blank_lines_and_the_byte_order_mark_are_understood() {
    let folder = Folder::new();
    folder.write("a.csv", b"\xef\xbb\xbf\"a\",b\r\n\r\n1,\"x\r\ny\"\r\n\r\n2,z");
    let read = folder.read(&json!({"path": "a.csv"}));
    assert_eq!(read.rows(), r#"{"a":1,"b":"x\r\ny"} {"a":2,"b":"z"}"#);
    let lines: Vec<u64> = read.pages[0].origins().iter().map(|origin| origin.first_line).collect();
    assert_eq!(lines, [3, 6]);
}

#[test]
fn a_ragged_record_is_an_error_with_its_line_or_goes_to_quarantine() {
    let folder = Folder::new();
    folder.write("a.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n");
    let config = json!({"path": "a.csv"});
    let error = folder.error(&config);
    assert!(error.starts_with("a.csv line 3: the record has 1 fields where 2 are expected"), "{error}");
    let read = folder.read_with(&config, OnBadRow::Quarantine).unwrap();
    assert_eq!(read.rows(), r#"{"a":1,"b":2} {"a":7,"b":8}"#);
    let rejected: Vec<(u64, &str)> =
        read.pages[0].rejected().iter().map(|row| (row.line, row.text.as_str())).collect();
    assert_eq!(rejected, [(3, "3"), (4, "4,5,6")]);
    assert!(read.pages[0].rejected()[0].reason.contains("1 fields where 2 are expected"));
}

#[test]
fn what_is_no_utf_8_and_what_is_never_closed_is_named() {
    let folder = Folder::new();
    folder.write("a.csv", b"a,b\n1,x\n2,caf\xe9\n");
    let error = folder.error(&json!({"path": "a.csv"}));
    assert!(
        error.starts_with("a.csv line 3: the text in column `b` is not UTF-8; set `csv.encoding`"),
        "{error}"
    );
    let read = folder.read_with(&json!({"path": "a.csv"}), OnBadRow::Quarantine).unwrap();
    assert_eq!((read.rows().as_str(), read.pages[0].rejected().len()), (r#"{"a":1,"b":"x"}"#, 1));

    folder.write("b.csv", "a,b\n1,\"x\n2,y\n3,z\n");
    let error = folder.error(&json!({"path": "b.csv"}));
    assert!(error.starts_with("b.csv line 2: a quoted field is not closed"), "{error}");
    folder.write("c.csv", "a,b\n1,\"x\"\n2,\"y\"\"\"");
    assert_eq!(folder.rows(&json!({"path": "c.csv"})), r#"{"a":1,"b":"x"} {"a":2,"b":"y\""}"#);
    folder.write("d.csv", b"a\0\n\x001\0\n\0");
    assert!(folder.error(&json!({"path": "d.csv"})).contains("`csv.encoding = \"utf-16le\"`"));
    folder.write("e.csv", b"\xff\xfe\0\0a\0\0\0");
    assert!(folder.error(&json!({"path": "e.csv"})).contains("UTF-32"));
}

#[test]
fn large_files_come_in_pages_with_all_their_rows() {
    let mut text = "id,text\n".to_owned();
    for number in 0..60_000 {
        writeln!(text, "{number},\"some words, and more\"").unwrap();
    }
    let folder = Folder::new();
    folder.write("a.csv", &text);
    let read = folder.read(&json!({"path": "a.csv"}));
    assert!(read.pages.len() > 1);
    assert_eq!(read.inputs[0].rows, 60_000);
    assert_eq!(read.pages[1].origins()[0].first_line, read.pages[0].rows() + 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn texts_come_back_as_they_were_quoted(
        records in prop::collection::vec(prop::collection::vec("[a-z,\"\n\r; é]{0,6}", 3), 0..20),
    ) {
        let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
        let line = |record: &Vec<String>| record.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
        let text: String = std::iter::once("a,b,c\n".to_owned()).chain(records.iter().map(line)).collect();
        let folder = Folder::new();
        folder.write("a.csv", &text);
        let read = folder.read(&json!({"path": "a.csv", "csv": {"types": "text"}}));
        let found: Vec<Vec<String>> = read.pages.iter().flat_map(|page| {
            let text = std::str::from_utf8(page.text()).unwrap().to_owned();
            text.lines().map(|row| {
                let row: Value = serde_json::from_str(row).unwrap();
                ["a", "b", "c"].map(|key| row[key].as_str().unwrap().to_owned()).to_vec()
            }).collect::<Vec<_>>()
        }).collect();
        prop_assert_eq!(found, records);
    }
}
