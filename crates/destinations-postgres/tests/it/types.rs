//! Every dlt type out of a Parquet file into its PostgreSQL type.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
    Int64Array, LargeStringArray, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
    TimestampNanosecondArray,
};
use cartage_destinations_api::{Destination, ErrorKind};
use cartage_schema::{Column, DataType};
use serde_json::json;

use crate::util::{items_load, plan};

/// 2024-01-02T03:04:05.678901Z
const MOMENT: i64 = 1_704_164_645_678_901;

/// Loads one value into one column; the column's type and the value as text.
fn load_one(column: &Column, array: ArrayRef) -> (String, Option<String>) {
    let fixture = items_load([column.clone()], &json!({}));
    let path = fixture.parquet("one.parquet", vec![(column.name.as_str(), array)]);
    fixture.load(&path).unwrap_or_else(|error| panic!("{column:?}: {error}"));
    let data_type = fixture.destination.reader().unwrap().columns("items").unwrap().remove(0).1;
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

fn doubles(value: f64) -> ArrayRef {
    Arc::new(Float64Array::from(vec![value]))
}

#[test]
fn plain_types_keep_their_values() {
    let text = "it's \u{1F600}\n\t\\N x";
    expect(&column(DataType::Text), texts(text), "character varying", text);
    expect(&column(DataType::Text), Arc::new(LargeStringArray::from(vec!["x"])), "character varying", "x");
    expect(&column(DataType::Double), doubles(0.1), "double precision", "0.1");
    expect(&column(DataType::Double), doubles(f64::NEG_INFINITY), "double precision", "-Infinity");
    expect(&column(DataType::Double), doubles(f64::NAN), "double precision", "NaN");
    expect(&column(DataType::Bool), Arc::new(BooleanArray::from(vec![true])), "boolean", "true");
    expect(
        &column(DataType::Binary),
        Arc::new(BinaryArray::from(vec![&b"\x01\0a"[..]])),
        "bytea",
        "\\x010061",
    );
    expect(
        &column(DataType::Json),
        texts(r#"{"b": [1, 2.50], "a": null}"#),
        "jsonb",
        r#"{"a": null, "b": [1, 2.50]}"#,
    );
    expect(&column(DataType::Date), Arc::new(Date32Array::from(vec![19_724])), "date", "2024-01-02");
    let time: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![3_723_456_789]));
    expect(&column(DataType::Time), Arc::clone(&time), "time without time zone", "01:02:03.456789");
    expect(&precise(DataType::Time, 3, None), time, "time(3) without time zone", "01:02:03.457");
}

#[test]
fn numbers_take_the_width_that_their_precision_asks_for() {
    expect(&column(DataType::Bigint), integers(i64::MIN), "bigint", "-9223372036854775808");
    expect(&precise(DataType::Bigint, 16, None), integers(300), "smallint", "300");
    expect(
        &precise(DataType::Bigint, 32, None),
        Arc::new(Int32Array::from(vec![-70_000])),
        "integer",
        "-70000",
    );
    expect(&column(DataType::Bigint), decimals(7, 20, 0), "bigint", "7");
    expect(&column(DataType::Decimal), decimals(12_345_000_000, 38, 9), "numeric(38,9)", "12.345000000");
    expect(&column(DataType::Decimal), decimals(-1, 38, 9), "numeric(38,9)", "-0.000000001");
    expect(&precise(DataType::Decimal, 12, Some(3)), decimals(12_345, 12, 3), "numeric(12,3)", "12.345");
    let most = 10_i128.pow(38) - 1;
    expect(
        &precise(DataType::Decimal, 38, Some(0)),
        decimals(-most, 38, 0),
        "numeric(38,0)",
        &(-most).to_string(),
    );
    let wei = format!("{}.{}", "9".repeat(78), "1".repeat(78));
    expect(&column(DataType::Wei), texts(&wei), "numeric(156,78)", &wei);
}

#[test]
fn timestamps_are_moments_and_rounded_to_the_precision_of_their_column() {
    let aware =
        || -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![MOMENT]).with_timezone("UTC")) };
    let without = || -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![MOMENT])) };
    let zoned = "2024-01-02 03:04:05.678901+00";
    expect(&column(DataType::Timestamp), aware(), "timestamp with time zone", zoned);
    let nanos = TimestampNanosecondArray::from(vec![MOMENT * 1000 + 999]).with_timezone("Europe/Berlin");
    expect(&column(DataType::Timestamp), Arc::new(nanos), "timestamp with time zone", zoned);
    expect(
        &precise(DataType::Timestamp, 3, None),
        aware(),
        "timestamp(3) with time zone",
        "2024-01-02 03:04:05.679+00",
    );
    expect(&naive(None), without(), "timestamp without time zone", "2024-01-02 03:04:05.678901");
    expect(&naive(Some(0)), aware(), "timestamp(0) without time zone", "2024-01-02 03:04:06");
    let ancient: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![-62_135_596_800_000_000]));
    expect(&naive(None), ancient, "timestamp without time zone", "0001-01-01 00:00:00");
}

#[test]
fn a_value_that_does_not_fit_is_terminal_and_names_column_and_row() {
    let fixture = items_load([precise(DataType::Bigint, 16, None)], &json!({}));
    let path = fixture.parquet("wide.parquet", vec![("c", Arc::new(Int64Array::from(vec![1, 40_000])))]);
    let error = fixture.load(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(error.to_string().contains("column c, row 2") && error.to_string().contains("40000"), "{error}");
    assert_eq!(fixture.rows(), Vec::<Vec<Option<String>>>::new());

    let fixture = items_load([precise(DataType::Text, 3, None)], &json!({}));
    let error = fixture.load(&fixture.parquet("long.parquet", vec![("c", texts("four"))])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    let fixture = items_load([column(DataType::Json)], &json!({}));
    let error = fixture.load(&fixture.parquet("broken.parquet", vec![("c", texts("{"))])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(error.to_string().contains("column c"), "{error}");
}

#[test]
fn nul_characters_are_refused_or_replaced_as_the_settings_say() {
    for (data_type, value, clean) in [
        (DataType::Text, "a\0b", "a\u{FFFD}b"),
        (DataType::Json, r#"["\u0000", "\\u0000"]"#, "[\"\u{FFFD}\", \"\\\\u0000\"]"),
    ] {
        let fixture = items_load([column(data_type)], &json!({}));
        let array: ArrayRef = Arc::new(StringArray::from(vec![Some("\"x\""), None, Some(value)]));
        let path = fixture.parquet("nul.parquet", vec![("c", Arc::clone(&array))]);
        let error = fixture.load(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
        assert!(error.to_string().contains("column c, row 3"), "{error}");
        assert!(error.remedy().unwrap().contains("nul_characters"), "{error:?}");

        let fixture = items_load([column(data_type)], &json!({"nul_characters": "replace"}));
        fixture.load(&fixture.parquet("nul.parquet", vec![("c", array)])).unwrap();
        assert!(fixture.rows().contains(&vec![Some(clean.to_owned())]), "{:?}", fixture.rows());
    }
}

#[test]
fn a_table_with_other_types_takes_the_rows_as_text() {
    let columns = || ["a", "b", "t"].map(|name| Column::typed(name, DataType::Text, true));
    let fixture = items_load(columns(), &json!({}));
    fixture.commit();
    let table = format!("\"{}\".items", fixture.dataset.name);
    fixture.dataset.server.psql(&format!(
        "DROP TABLE {table}; CREATE DOMAIN \"{name}\".positive AS int4 CHECK (VALUE > 0); \
         CREATE TABLE {table} (a uuid, b real, t timestamptz, d \"{name}\".positive, x bytea)",
        name = fixture.dataset.name
    ));
    let mut wider: Vec<Column> = columns().to_vec();
    wider.push(Column::typed("d", DataType::Bigint, true));
    wider.push(Column::typed("x", DataType::Binary, true));
    fixture.destination.prepare_load(&plan(wider)).unwrap();
    let path = fixture.parquet(
        "mixed.parquet",
        vec![
            ("a", texts("7b1c1d0e-0000-4000-8000-00000000000a")),
            ("b", doubles(f64::INFINITY)),
            ("t", texts("2024-01-02T03:04:05+02:00")),
            ("d", integers(7)),
            ("x", Arc::new(BinaryArray::from(vec![&b"\x00\\"[..]]))),
        ],
    );
    // The plan of the first load knows the table; what counts is what the server has.
    fixture.load(&path).unwrap();
    let row: Vec<String> = fixture.rows().remove(0).into_iter().flatten().collect();
    assert_eq!(
        row,
        ["7b1c1d0e-0000-4000-8000-00000000000a", "Infinity", "2024-01-02 01:04:05+00", "7", "\\x005c"]
    );
    assert!(texts("x").len() == 1);
}
