//! Rows that cannot be stored: errors that name them, and the quarantine.

use cartage_normalize::{BadValue, NormalizeError};
use cartage_package_store::SourceRange;
use cartage_runtime::OnBadRow;
use cartage_schema::{Column, DataType, NamingKind, Schema, Table};
use serde_json::Value;

use crate::harness::{Pipeline, Rows};

fn schema(columns: &[Column]) -> Schema {
    let mut schema = Schema::new("test", NamingKind::SnakeCase).unwrap();
    let mut table = Table::root("items", "items");
    for column in columns {
        table = table.with_column(column.clone());
    }
    schema.tables.insert("items".to_owned(), table);
    schema.bump();
    schema
}

fn failure(schema: &Schema, rows: &str) -> Box<cartage_normalize::BadRow> {
    let mut pipeline = Pipeline::new();
    match pipeline.run(schema, &[Rows::of("items", rows)]) {
        Err(NormalizeError::BadRow(row)) => row,
        other => panic!("expected a bad row, got {other:?}"),
    }
}

#[test]
fn a_broken_row_is_named_with_file_row_source_line_and_remedy() {
    let mut pipeline = Pipeline::new();
    let origin = |source: &str, first_line, first_row, rows| SourceRange {
        source: source.to_owned(),
        first_line,
        first_row,
        rows,
    };
    let rows = Rows {
        table: "items",
        blocks: vec!["{\"a\":1}\n{\"a\":2}\n", "{\"a\":3}\n{\"a\":\n{\"a\":5}\n"],
        origins: vec![origin("a.jsonl", 1, 0, 2), origin("b.jsonl", 11, 2, 3)],
    };
    let error = pipeline.run(&schema(&[]), &[rows]).unwrap_err().to_string();
    for part in [
        "row 4 of items.0000000000.0.jsonl.zst",
        "`items`",
        "b.jsonl, line 12",
        "not valid JSON",
        "{\"a\":",
        "on_bad_row",
    ] {
        assert!(error.contains(part), "`{part}` is missing in: {error}");
    }
}

#[test]
fn what_is_no_json_is_told_by_its_column_because_the_line_is_that_of_the_source() {
    for (row, detail) in
        [("{\"a\":01}", "invalid number at column 7"), ("{\"a\":", "EOF while parsing a value at column 5")]
    {
        let error = failure(&schema(&[]), &format!("{{\"a\":1}}\n{row}\n"));
        assert_eq!(error.reason, BadValue::NotJson { detail: detail.to_owned() });
    }
}

#[test]
fn every_kind_of_bad_row_is_told_apart() {
    let nested = format!("{}1{}\n", "[".repeat(10_000), "]".repeat(10_000));
    assert!(matches!(failure(&schema(&[]), &nested).reason, BadValue::TooDeep { limit: 256 }));
    let longest = format!("{{\"a\":{}}}\n", "9".repeat(50));
    assert!(matches!(failure(&schema(&[]), &longest).reason, BadValue::DoesNotFit { .. }));
    assert!(matches!(failure(&schema(&[]), "{\"a\":01}\n").reason, BadValue::NotJson { .. }));
    assert!(matches!(failure(&schema(&[]), "{\"__\":1}\n").reason, BadValue::Nameless { .. }));
    let must = Column::typed("a", DataType::Bigint, false);
    assert!(matches!(failure(&schema(&[must]), "{\"a\":1}\n{\"a\":null}\n").reason, BadValue::Null { .. }));
}

#[test]
fn bytes_that_are_no_utf_8_are_a_bad_row() {
    let mut pipeline = Pipeline::new();
    let schema = schema(&[]);
    let load_id = pipeline.extract_bytes(&schema, "items", b"{\"a\":\"x\"}\n{\"a\":\"\xff\xfe\"}\n");
    let error = pipeline.normalize(&load_id, None).unwrap_err().to_string();
    assert!(error.contains("row 2") && error.contains("not UTF-8"), "{error}");
}

#[test]
fn quarantine_keeps_bad_rows_with_the_reason_and_loads_the_others() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.on_bad_row = Some(OnBadRow::Quarantine);
    let must = Column::typed("a", DataType::Bigint, false);
    let rows =
        "{\"a\":1}\n{\"b\":\n{\"kids\":[{\"x\":1}],\"new\":1,\"a\":null}\n{\"a\":2,\"kids\":[{\"x\":2}]}\n";
    let load_id = pipeline.extract(&schema(&[must]), &[Rows::of("items", rows)]);
    let report = pipeline.normalize(&load_id, None).unwrap();
    assert_eq!(report.quarantined["items"], 2);
    let tables = pipeline.tables(&load_id);
    let values: Vec<&Value> = tables["items"].rows.iter().map(|row| &row["a"]).collect();
    assert_eq!(values, [1, 2]);
    assert_eq!(tables["items__kids"].rows.len(), 1);
    assert!(
        !pipeline.schema(&load_id).tables["items"].columns.contains_key("new"),
        "bad rows leave no columns"
    );

    let package = pipeline.package(&load_id);
    let kept =
        std::fs::read_to_string(package.quarantine_path(&package.manifest().quarantine[0].name)).unwrap();
    let kept: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[1]["line"], 3);
    assert!(kept[1]["reason"].as_str().unwrap().contains("is null"));
    assert!(kept[1]["row"].as_str().unwrap().starts_with("{\"kids\""));
}

#[test]
fn a_failed_package_stays_extracted_and_can_be_normalized_later() {
    let mut pipeline = Pipeline::new();
    let load_id = pipeline.extract(&schema(&[]), &[Rows::of("items", "{\"a\":1}\n{\n")]);
    pipeline.normalize(&load_id, None).unwrap_err();
    assert!(std::fs::read_dir(pipeline.temp.store.dir().join("packages/staging")).unwrap().next().is_none());
    pipeline.normalize(&load_id, None).unwrap_err();
}

#[test]
fn a_key_that_no_row_brings_is_missed_in_the_first_row() {
    let key = Column { primary_key: Some(true), nullable: Some(false), ..Column::new("id") };
    let mut pipeline = Pipeline::new();
    let error = pipeline.run(&schema(&[key]), &[Rows::of("items", "{\"a\":1}\n")]).unwrap_err();
    let NormalizeError::BadRow(row) = error else { panic!("{error}") };
    assert!(matches!(row.reason, BadValue::Null { ref column, .. } if &**column == "id"), "{row}");
}
