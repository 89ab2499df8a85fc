//! Values that SQLite would change: they are stored as they are, or refused.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use cartage_destinations_api::ErrorKind;
use cartage_schema::{Column, DataType};
use rusqlite::types::Value;

use crate::util::Fixture;

fn column(data_type: DataType) -> Column {
    Column::typed("c", data_type, true)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn amounts(unscaled: &[i128]) -> ArrayRef {
    Arc::new(Decimal128Array::from(unscaled.to_vec()).with_precision_and_scale(38, 9).unwrap())
}

#[test]
fn decimals_are_numbers_as_far_as_those_are_exact() {
    let fixture = Fixture::new("", [column(DataType::Decimal)]);
    let wide = -12_345_678_901_234_567_890_500_000_000;
    fixture.load(vec![("c", amounts(&[12_500_000_000, 3_000_000_000, wide]))]).unwrap();
    fixture.commit();
    assert_eq!(fixture.stored("c"), [Value::Real(12.5), Value::Real(3.0), text("-12345678901234567890.5")]);
    let database = fixture.database();
    let above: i64 = database
        .query_row("SELECT count(*) FROM items WHERE c > 9 AND typeof(c) = 'real'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(above, 1, "they are compared as numbers");
}

#[test]
fn a_number_without_a_value_is_the_word_for_it() {
    let fixture = Fixture::new("", [column(DataType::Double)]);
    let array = Float64Array::from(vec![Some(f64::NAN), Some(f64::INFINITY), None, Some(0.1 + 0.2)]);
    fixture.load(vec![("c", Arc::new(array))]).unwrap();
    assert_eq!(
        fixture.stored("c"),
        [text("NaN"), Value::Real(f64::INFINITY), Value::Null, Value::Real(0.1 + 0.2)]
    );
}

#[test]
fn json_that_is_a_number_keeps_its_digits() {
    let fixture = Fixture::new("", [column(DataType::Json)]);
    let documents = ["1.0", "12345678901234567890123", "{\"a\": 1.10}", "null", "\"7\""];
    fixture.load(vec![("c", Arc::new(StringArray::from(documents.to_vec())))]).unwrap();
    assert_eq!(fixture.stored("c"), documents.map(text));
}

/// Tables as dlt declares them.
const OF_DLT: &str = "CREATE TABLE items (c NUMERIC(38, 9), j JSON)";

#[test]
fn a_table_of_dlt_takes_what_its_columns_keep() {
    let columns = || [column(DataType::Decimal), Column::typed("j", DataType::Json, true)];
    let fixture = Fixture::new(OF_DLT, columns());
    let documents: ArrayRef = Arc::new(StringArray::from(vec!["{\"a\": 1}", "5"]));
    fixture.load(vec![("c", amounts(&[12_500_000_000, 1])), ("j", documents)]).unwrap();
    assert_eq!(fixture.stored("c"), [Value::Real(12.5), Value::Real(1e-9)]);

    let fixture = Fixture::new(OF_DLT, columns());
    let error = fixture.load(vec![("c", amounts(&[1, 12_345_678_901_234_567_890_123_456_789]))]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal);
    assert!(error.to_string().contains("column c, row 2 of the file"), "{error}");
    assert!(error.remedy().is_some());
    assert_eq!(fixture.stored("c"), [], "the first row is taken back");
}

#[test]
fn moments_that_sqlite_does_not_know_are_refused_by_column_and_row() {
    let fixture = Fixture::new("", [column(DataType::Timestamp)]);
    let moments = TimestampMicrosecondArray::from(vec![0, i64::MAX]);
    let error = fixture.load(vec![("c", Arc::new(moments))]).unwrap_err();
    assert!(error.to_string().contains("column c, row 2 of the file"), "{error}");
    assert_eq!(fixture.stored("c"), []);
}

#[test]
fn a_column_that_the_table_lost_is_named() {
    let fixture = Fixture::new("", [column(DataType::Bigint)]);
    fixture.database().execute_batch("ALTER TABLE items RENAME COLUMN c TO d").unwrap();
    let error = fixture.load(vec![("c", Arc::new(Int64Array::from(vec![1])))]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal);
    assert!(error.to_string().contains("has no column named c"), "{error}");
}
