//! Which values of CSV are numbers, over files and runs: no character may be lost.

use std::fmt::Write;

use cartage_runtime::OnBadRow;
use cartage_schema::DataType;
use cartage_source_api::TargetTable;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Folder, Read, table};

fn read(files: &[&str], table: TargetTable) -> Read {
    let folder = Folder::new();
    for (number, text) in files.iter().enumerate() {
        folder.write(&format!("{number}.csv"), text);
    }
    folder.read_into(&json!({"path": "*.csv"}), OnBadRow::Fail, table).unwrap()
}

fn text(column: &str) -> Vec<(String, DataType)> {
    vec![(column.to_owned(), DataType::Text)]
}

#[test]
fn texts_behind_integers_make_the_new_column_one_of_texts() {
    let later_file = read(&["zip\n90210\n", "zip\n02139\n", "zip\n12345\n"], table([]));
    assert_eq!(later_file.rows(), r#"{"zip":90210} {"zip":"02139"} {"zip":"12345"}"#);
    assert_eq!(later_file.column_types, text("zip"));

    let mut long = "zip\n".to_owned();
    for number in 10_000..35_000 {
        writeln!(long, "{number}").unwrap();
    }
    long.push_str("02139\n1.10\n");
    let behind_the_sample = read(&[&long], table([]));
    assert!(behind_the_sample.rows().ends_with(r#"{"zip":34999} {"zip":"02139"} {"zip":"1.10"}"#));
    assert_eq!(behind_the_sample.column_types, text("zip"));
}

#[test]
fn a_column_whose_numbers_were_written_otherwise_keeps_its_type() {
    let fractions = read(&["v\n1.50\n", "v\nn/a\n", "v\n2.50\n"], table([]));
    assert_eq!(fractions.rows(), r#"{"v":1.50} {"v":"n/a"} {"v":2.50}"#);
    assert!(fractions.column_types.is_empty());
    let boolean = read(&["v\nTRUE\n", "v\n1\n"], table([]));
    assert_eq!((boolean.rows().as_str(), boolean.column_types.len()), (r#"{"v":true} {"v":"1"}"#, 0));
}

#[test]
fn booleans_beside_another_format_keep_their_text_and_are_settled_as_booleans() {
    let folder = Folder::new();
    folder.write("0.jsonl", "{\"v\":\"north\"}\n");
    folder.write("1.csv", "v,n,w\nTRUE,1,true\nfalse,2,x\n");
    let read = |table| folder.read_into(&json!({"path": "*.*"}), OnBadRow::Fail, table).unwrap();
    let new = read(table([]));
    let rows = r#"{"v":"north"} {"v":"TRUE","n":1,"w":"true"} {"v":"false","n":2,"w":"x"}"#;
    assert_eq!((new.rows().as_str(), new.column_types), (rows, vec![("v".to_owned(), DataType::Bool)]));
    let of_booleans = table([("v", DataType::Bool), ("w", DataType::Text)]);
    let rows = r#"{"v":"north"} {"v":true,"n":1,"w":"true"} {"v":false,"n":2,"w":"x"}"#;
    assert_eq!(read(of_booleans).rows(), rows);
}

#[test]
fn a_column_of_texts_gets_texts_from_later_files_and_runs() {
    let later_file = read(&["v\n1.2.3\n", "v\n1.10\n", "V\nTRUE\n"], table([]));
    assert_eq!(later_file.rows(), r#"{"v":"1.2.3"} {"v":"1.10"} {"V":"TRUE"}"#);
    let later_run = read(&["V\n1.10\n"], table([("v", DataType::Text)]));
    assert_eq!(later_run.rows(), r#"{"V":"1.10"}"#);
}

#[test]
fn a_column_of_numbers_gets_its_numbers_and_the_rest_as_text() {
    let file = "n,x\n12345,1.50\n02139,n/a\n12345678901234567890,9007199254740993\n";
    let types = [("n", DataType::Bigint), ("x", DataType::Double)];
    assert_eq!(
        read(&[file], table(types)).rows(),
        r#"{"n":12345,"x":1.50} {"n":"02139","x":"n/a"} {"n":"12345678901234567890","x":"9007199254740993"}"#
    );
}

#[test]
fn other_formats_beside_csv_decide_types_by_themselves() {
    let folder = Folder::new();
    folder.write("1.csv", "zip\n90210\n");
    folder.write("2.csv", "zip\n02139\n");
    folder.write("3.jsonl", "{\"zip\": 1.5}\n");
    assert!(folder.read(&json!({"path": "*"})).column_types.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Numbers are those of the text and, where the column is one of texts in the end, print as the text.
    #[test]
    fn every_value_comes_out_with_its_characters_or_as_its_number(
        files in prop::collection::vec(
            prop::collection::vec("[+-]?0?[0-9]{1,4}|[0-9]{15,20}|[0-9]{1,3}[.][0-9]{1,20}|true|[a-z]{1,3}", 1..4),
            1..4,
        ),
    ) {
        let texts: Vec<String> = files.iter().map(|values| format!("v\n{}\n", values.join("\n"))).collect();
        let read = read(&texts.iter().map(String::as_str).collect::<Vec<_>>(), table([]));
        let is_text = !read.column_types.is_empty();
        let rows: Vec<Value> =
            read.rows().split(' ').map(|row| serde_json::from_str(row).unwrap()).collect();
        let raw: Vec<String> = read.rows().split(' ').map(|row| row["{\"v\":".len()..row.len() - 1].to_owned()).collect();
        for ((value, row), raw) in files.concat().iter().zip(&rows).zip(&raw) {
            match &row["v"] {
                Value::String(text) => prop_assert_eq!(text, value),
                Value::Bool(_) => prop_assert!(!is_text && value == "true"),
                Value::Number(number) if number.is_f64() => {
                    prop_assert!(!is_text);
                    prop_assert!(raw == value || raw.strip_suffix(".0") == Some(value.as_str()), "{} {}", raw, value);
                }
                _ => prop_assert_eq!(raw, value),
            }
        }
    }
}
