//! No value is lost without a word: numbers that do not fit, rows without a required value, keys with one name.

use cartage_normalize::{BadValue, NormalizeError};
use cartage_package_store::SourceRange;
use cartage_runtime::{NameCollisions, OnBadRow};
use cartage_schema::{Column, DataType, NamingKind, Schema, Table, WriteDisposition};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Pipeline, Rows, TableData};

fn schema(columns: &[Column]) -> Schema {
    let mut schema = Schema::new("test", NamingKind::SnakeCase).unwrap();
    let table = columns.iter().cloned().fold(Table::root("items", "items"), Table::with_column);
    schema.tables.insert("items".to_owned(), table);
    schema.bump();
    schema
}

fn items(schema: &Schema, rows: &str) -> TableData {
    let mut pipeline = Pipeline::new();
    let load_id = pipeline.run(schema, &[Rows::of("items", rows)]).unwrap();
    pipeline.tables(&load_id).remove("items").unwrap()
}

fn key(name: &str) -> Column {
    Column { primary_key: Some(true), nullable: Some(false), ..Column::new(name) }
}

fn values<'t>(table: &'t TableData, column: &str) -> Vec<&'t Value> {
    table.rows.iter().map(|row| row.get(column).unwrap_or(&Value::Null)).collect()
}

#[test]
fn integers_beyond_64_bits_are_decimals_in_a_new_column_and_variants_in_an_old_one() {
    let new = items(&schema(&[]), "{\"n\":18446744073709551616}\n{\"n\":1}\n{\"n\":-9223372036854775809}\n");
    let texts: Vec<String> = values(&new, "n").into_iter().map(ToString::to_string).collect();
    assert!(texts[0].contains("18446744073709551616"), "{texts:?}");
    assert!(texts[2].contains("-9223372036854775809"), "{texts:?}");

    let old = items(
        &schema(&[]),
        "{\"n\":1}\n{\"n\":9223372036854775808}\n{\"n\":12345678901234567890123456789012345678}\n",
    );
    assert_eq!(values(&old, "n"), [&json!(1), &Value::Null, &Value::Null]);
    assert!(old.rows[1]["n__v_decimal"].to_string().contains("9223372036854775808"), "{old:?}");
    assert!(
        old.rows[2]["n__v_wei"].to_string().contains("12345678901234567890123456789012345678"),
        "{old:?}"
    );
}

#[test]
fn values_beyond_a_narrow_column_go_to_a_variant() {
    let small = Column { precision: Some(16), ..Column::typed("n", DataType::Bigint, true) };
    let exact = Column { precision: Some(4), scale: Some(2), ..Column::typed("d", DataType::Decimal, true) };
    let rows = "{\"n\":32767,\"d\":\"1.25\"}\n{\"n\":32768,\"d\":\"1.255\"}\n{\"n\":-32769,\"d\":23.125}\n";
    let table = items(&schema(&[small, exact]), rows);
    assert_eq!(values(&table, "n"), [&json!(32767), &Value::Null, &Value::Null]);
    assert_eq!(values(&table, "n__v_bigint"), [&Value::Null, &json!(32768), &json!(-32769)]);
    assert_eq!(values(&table, "d__v_text")[1], "1.255");
    assert_eq!(values(&table, "d__v_double")[2], &json!(23.125));
    assert!(values(&table, "d")[1..].iter().all(|value| value.is_null()));
}

#[test]
fn a_wider_hint_does_not_change_a_column_that_exists() {
    let hinted = |scale| {
        let p =
            Column { precision: Some(38), scale: Some(scale), ..Column::typed("p", DataType::Decimal, true) };
        schema(&[p])
    };
    let mut pipeline = Pipeline::new();
    let first = pipeline.run(&hinted(9), &[Rows::of("items", "{\"p\":\"0.5\"}\n")]).unwrap();
    let base = pipeline.schema(&first);
    let long = "123456789012345678901234567890123456.5";
    let rows = format!("{{\"p\":\"{long}\"}}\n");
    let second = pipeline.extract(&hinted(1), &[Rows::of("items", &rows)]);
    let error = pipeline.normalize(&second, Some(base)).unwrap_err().to_string();
    for part in ["row 1", "`p`", "already exists", "cartage schema widen"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn numbers_beyond_a_double_become_null_and_are_counted_with_their_line() {
    let mut pipeline = Pipeline::new();
    let rows = Rows {
        table: "items",
        blocks: vec!["{\"a\":1.5}\n{\"a\":1e400,\"b\":1}\n{\"a\":-1E999}\n"],
        origins: vec![SourceRange { source: "a.jsonl".to_owned(), first_line: 5, first_row: 0, rows: 3 }],
    };
    let load_id = pipeline.extract(&schema(&[]), &[rows]);
    let report = pipeline.normalize(&load_id, None).unwrap();
    let [nulled] = &report.nulled_numbers[..] else { panic!("{report:?}") };
    assert_eq!((&*nulled.column, nulled.values), ("a", 2));
    assert_eq!(nulled.first, ("a.jsonl".to_owned(), 6));
    assert!(pipeline.tables(&load_id)["items"].rows[1]["a"].is_null());
}

#[test]
fn a_row_without_its_key_is_a_bad_row_wherever_it_stands() {
    for rows in ["{\"a\":1}\n{\"id\":1}\n", "{\"id\":1}\n{\"a\":1}\n", "{\"id\":1}\n{\"id\":null,\"a\":1}\n"]
    {
        let mut pipeline = Pipeline::new();
        let error = pipeline.run(&schema(&[key("id")]), &[Rows::of("items", rows)]).unwrap_err();
        let NormalizeError::BadRow(row) = error else { panic!("{rows}: {error}") };
        assert!(matches!(row.reason, BadValue::Null { ref column, .. } if &**column == "id"), "{row}");

        pipeline.settings.on_bad_row = Some(OnBadRow::Quarantine);
        let load_id = pipeline.extract(&schema(&[key("id")]), &[Rows::of("items", rows)]);
        let report = pipeline.normalize(&load_id, None).unwrap();
        assert_eq!((report.quarantined["items"], report.rows["items"]), (1, 1), "{rows}");
    }
}

#[test]
fn a_row_that_is_marked_as_deleted_needs_its_key_only() {
    let mark = Column { hard_delete: Some(true), ..Column::typed("gone", DataType::Bool, true) };
    let mut schema = schema(&[key("id"), Column::typed("name", DataType::Text, false), mark]);
    schema.tables.get_mut("items").unwrap().write_disposition = Some(WriteDisposition::Merge);
    let rows = "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"gone\":true}\n";
    let table = items(&schema, rows);
    assert_eq!(values(&table, "id"), [1, 2]);
    for bad in ["{\"id\":3}\n", "{\"id\":3,\"gone\":false}\n", "{\"gone\":true}\n"] {
        let mut pipeline = Pipeline::new();
        let error = pipeline.run(&schema, &[Rows::of("items", &format!("{rows}{bad}"))]).unwrap_err();
        assert!(matches!(error, NormalizeError::BadRow(_)), "{bad}: {error}");
    }
}

#[test]
fn keys_that_lead_to_one_column_are_named_with_the_values_that_gave_way() {
    let mut pipeline = Pipeline::new();
    let rows = "{\"Col A\":1,\"col_a\":2}\n{\"Col A\":null,\"col_a\":3}\n{\"Имя\":\"a\",\"Город\":\"b\"}\n{\"Kids\":[1],\"kids\":[2]}\n";
    let load_id = pipeline.extract(&schema(&[]), &[Rows::of("items", rows)]);
    let report = pipeline.normalize(&load_id, None).unwrap();
    let found: Vec<_> = report
        .shared_names
        .iter()
        .map(|shared| (shared.keys[0].as_str(), shared.keys[1].as_str(), shared.values))
        .collect();
    assert_eq!(found, [("Col A", "col_a", 1), ("Имя", "Город", 1), ("Kids", "kids", 1)], "{report:?}");
    assert_eq!(values(&pipeline.tables(&load_id)["items"], "col_a")[..2], [&json!(2), &json!(3)]);
}

#[test]
fn keys_that_lead_to_one_column_can_be_an_error() {
    let rows =
        "{\"id\":1,\"Col A\":1}\n{\"id\":2,\"Col A\":1,\"col_a\":2}\n{\"id\":3,\"Kids\":[1],\"kids\":[2]}\n";
    let mut pipeline = Pipeline::new();
    pipeline.settings.name_collisions = Some(NameCollisions::Fail);
    let error = pipeline.run(&schema(&[]), &[Rows::of("items", rows)]).unwrap_err().to_string();
    assert!(error.contains("`Col A` and `col_a` both become column `col_a` of table `items`"), "{error}");

    let mut pipeline = Pipeline::new();
    pipeline.settings.name_collisions = Some(NameCollisions::Fail);
    pipeline.settings.on_bad_row = Some(OnBadRow::Quarantine);
    let load_id = pipeline.extract(&schema(&[]), &[Rows::of("items", rows)]);
    let report = pipeline.normalize(&load_id, None).unwrap();
    assert_eq!((report.quarantined["items"], report.shared_names.len()), (2, 0), "{report:?}");
    assert_eq!(values(&pipeline.tables(&load_id)["items"], "id"), [&json!(1)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever digits come after an integer, they are found again, in the column or a variant, or named.
    #[test]
    fn every_integer_arrives_with_all_its_digits(negative: bool, digits in "[1-9][0-9]{0,44}") {
        let number = format!("{}{digits}", if negative { "-" } else { "" });
        let mut pipeline = Pipeline::new();
        let rows = format!("{{\"n\":1}}\n{{\"n\":{number}}}\n");
        match pipeline.run(&schema(&[]), &[Rows::of("items", &rows)]) {
            Ok(load_id) => {
                let table = pipeline.tables(&load_id).remove("items").unwrap();
                let row = &table.rows[1];
                let is_there = ["n", "n__v_decimal", "n__v_wei", "n__v_str"].iter().filter_map(|name| row.get(*name)).any(|value| {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    text == number || text.split_once('.').is_some_and(|(whole, rest)| whole == number && rest.bytes().all(|b| b == b'0'))
                });
                prop_assert!(is_there, "{number}: {row:?}");
            }
            Err(NormalizeError::BadRow(row)) => {
                prop_assert!(digits.len() > 38, "{row}");
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}
