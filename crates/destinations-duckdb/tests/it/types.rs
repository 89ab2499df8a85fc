//! Every dlt type out of a Parquet file into its DuckDB type.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use cartage_destinations_api::{Destination, ErrorKind};
use cartage_schema::{Column, DataType};
use serde_json::json;

use crate::util::Fixture;

/// 2024-01-02T03:04:05.678901Z
const MOMENT: i64 = 1_704_164_645_678_901;

/// Loads one value into one column; the column's DuckDB type and the value as text.
fn load_one(column: &Column, array: ArrayRef) -> (String, Option<String>) {
    let fixture = Fixture::new([column.clone()], &json!({}));
    let path = fixture.parquet("one.parquet", vec![(column.name.as_str(), array)]);
    fixture.load(&path).unwrap_or_else(|error| panic!("{column:?}: {error}"));
    let data_type = fixture.duckdb.reader().unwrap().columns("items").unwrap().remove(0).1;
    (data_type, fixture.rows().remove(0).remove(0))
}

fn expect(column: &Column, array: ArrayRef, data_type: &str, value: &str) {
    assert_eq!(load_one(column, array), (data_type.to_owned(), Some(value.to_owned())), "{column:?}");
}

fn column(data_type: DataType) -> Column {
    Column::typed("c", data_type, true)
}

fn precise(data_type: DataType, precision: u32, scale: Option<u32>) -> Column {
    Column { precision: Some(precision), scale, ..column(data_type) }
}

fn naive(precision: Option<u32>) -> Column {
    Column { precision, timezone: Some(false), ..column(DataType::Timestamp) }
}

fn integers(value: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![value]))
}

fn decimals(value: i128, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(precision, scale).unwrap())
}

fn texts(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

#[test]
fn plain_types_keep_their_values() {
    expect(&column(DataType::Text), texts("it's \u{1F600}\n\u{0}x"), "VARCHAR", "it's \u{1F600}\n\u{0}x");
    expect(&column(DataType::Double), Arc::new(Float64Array::from(vec![0.1])), "DOUBLE", "0.1");
    expect(&column(DataType::Double), Arc::new(Float64Array::from(vec![f64::INFINITY])), "DOUBLE", "inf");
    expect(&column(DataType::Bool), Arc::new(BooleanArray::from(vec![true])), "BOOLEAN", "true");
    expect(&column(DataType::Binary), Arc::new(BinaryArray::from(vec![&b"\x01a"[..]])), "BLOB", "\\x01a");
    expect(&column(DataType::Json), texts(r#"{"a": [1, 2.50]}"#), "JSON", r#"{"a": [1, 2.50]}"#);
    expect(&column(DataType::Date), Arc::new(Date32Array::from(vec![19_724])), "DATE", "2024-01-02");
    expect(
        &column(DataType::Time),
        Arc::new(Time64MicrosecondArray::from(vec![3_723_456_789])),
        "TIME",
        "01:02:03.456789",
    );
}

#[test]
fn numbers_take_the_width_that_their_precision_asks_for() {
    expect(&column(DataType::Bigint), integers(i64::MIN), "BIGINT", "-9223372036854775808");
    expect(&precise(DataType::Bigint, 8, None), integers(-128), "TINYINT", "-128");
    expect(&precise(DataType::Bigint, 16, None), integers(300), "SMALLINT", "300");
    expect(&precise(DataType::Bigint, 32, None), integers(70_000), "INTEGER", "70000");
    expect(
        &precise(DataType::Bigint, 128, None),
        decimals(1 << 100, 38, 0),
        "HUGEINT",
        &(1i128 << 100).to_string(),
    );
    expect(&column(DataType::Decimal), decimals(12_345_000_000, 38, 9), "DECIMAL(38,9)", "12.345000000");
    expect(&precise(DataType::Decimal, 12, Some(3)), decimals(12_345, 12, 3), "DECIMAL(12,3)", "12.345");
    let most = 10i128.pow(38) - 1;
    expect(&column(DataType::Wei), decimals(most, 38, 0), "DECIMAL(38,0)", &most.to_string());
    expect(&column(DataType::Wei), texts(&most.to_string()), "DECIMAL(38,0)", &most.to_string());
}

#[test]
fn timestamps_are_utc_and_rounded_to_the_precision_of_their_column() {
    let aware =
        || -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![MOMENT]).with_timezone("UTC")) };
    let without = || -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![MOMENT])) };
    let zoned = "2024-01-02 03:04:05.678901+00";
    expect(&column(DataType::Timestamp), aware(), "TIMESTAMP WITH TIME ZONE", zoned);
    expect(&precise(DataType::Timestamp, 3, None), aware(), "TIMESTAMP WITH TIME ZONE", zoned);
    expect(&naive(None), without(), "TIMESTAMP", "2024-01-02 03:04:05.678901");
    expect(&naive(Some(6)), aware(), "TIMESTAMP", "2024-01-02 03:04:05.678901");
    expect(&naive(Some(0)), without(), "TIMESTAMP_S", "2024-01-02 03:04:06");
    expect(&naive(Some(3)), without(), "TIMESTAMP_MS", "2024-01-02 03:04:05.679");
    expect(&naive(Some(9)), without(), "TIMESTAMP_NS", "2024-01-02 03:04:05.678901");
}

#[test]
fn a_number_that_does_not_fit_its_column_is_terminal_and_leaves_no_rows() {
    let fixture = Fixture::new([column(DataType::Bigint)], &json!({}));
    let wide = Decimal128Array::from(vec![1, 1 << 63]).with_precision_and_scale(38, 0).unwrap();
    let path = fixture.parquet("wide.parquet", vec![("c", Arc::new(wide))]);
    let error = fixture.load(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(error.to_string().contains("9223372036854775808"), "{error}");
    assert_eq!(fixture.rows(), Vec::<Vec<Option<String>>>::new());
}

#[test]
fn broken_json_in_a_json_column_is_terminal() {
    let fixture = Fixture::new([column(DataType::Json)], &json!({}));
    let path = fixture.parquet("broken.parquet", vec![("c", texts("{"))]);
    assert_eq!(fixture.load(&path).unwrap_err().kind(), ErrorKind::Terminal);
}

#[test]
fn a_column_that_changed_its_type_in_the_schema_keeps_it_in_the_table() {
    let fixture = Fixture::new([column(DataType::Bigint)], &json!({}));
    fixture.commit();
    let path = fixture.parquet("text.parquet", vec![("c", texts("42"))]);
    fixture.duckdb.prepare_load(&crate::util::plan([column(DataType::Text)])).unwrap();
    fixture.load(&path).unwrap();
    assert_eq!(fixture.rows(), [[Some("42".to_owned())]]);
}
