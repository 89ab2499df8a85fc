//! Columns that are not as we would make them: values come as they are or are refused.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray,
};
use cartage_destinations_api::ErrorKind;
use cartage_schema::{Column, DataType};
use cartage_test_support::clickhouse;
use serde_json::json;

use crate::util::items_load;

/// Loads one value into a column whose type is changed to `kind` before.
fn load_into(column: Column, kind: &str, value: ArrayRef) -> Result<String, cartage_destinations_api::Error> {
    let fixture = items_load([column], &json!({}));
    let table = format!("`{}___items`", fixture.dataset.name);
    clickhouse::sql(&format!("ALTER TABLE {table} MODIFY COLUMN v {kind}"));
    let path = fixture.parquet("1", vec![("v", value)]);
    let loaded = fixture.load(&path);
    let found = clickhouse::sql(&format!("SELECT v FROM {table}")).trim_end().to_owned();
    assert!(loaded.is_ok() || found.is_empty(), "a file that is refused leaves nothing: {found}");
    loaded.map(|_| found)
}

fn column(data_type: DataType) -> Column {
    Column::typed("v", data_type, true)
}

fn int(value: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![value]))
}

#[test]
fn values_that_a_narrower_column_cannot_hold_are_refused_and_others_come() {
    let moments = |micros: i64| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC"))
    };
    let decimal = |value: i128| -> ArrayRef {
        Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(38, 9).unwrap())
    };
    let days = |days: i32| -> ArrayRef { Arc::new(Date32Array::from(vec![days])) };
    let doubles = |value: f64| -> ArrayRef { Arc::new(Float64Array::from(vec![value])) };
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let cases: Vec<(DataType, &str, ArrayRef, Option<&str>)> = vec![
        (DataType::Bigint, "Nullable(Int8)", int(5), Some("5")),
        (DataType::Bigint, "Nullable(Int8)", int(300), None),
        (DataType::Bigint, "Nullable(UInt64)", int(-1), None),
        (DataType::Bigint, "Nullable(String)", int(12), Some("12")),
        (DataType::Text, "Nullable(Int8)", text("12"), Some("12")),
        (DataType::Text, "Nullable(Int8)", text("300"), None),
        (DataType::Text, "Nullable(Date32)", text("2024-02-29"), Some("2024-02-29")),
        (DataType::Text, "Nullable(Date32)", text("yesterday"), None),
        (DataType::Decimal, "Nullable(Decimal(10, 1))", decimal(1_500_000_000), Some("1.5")),
        (DataType::Decimal, "Nullable(Decimal(10, 1))", decimal(1_250_000_000), None),
        (DataType::Double, "Nullable(Float32)", doubles(0.5), Some("0.5")),
        (DataType::Double, "Nullable(Float32)", doubles(0.1), None),
        // dlt's own types of days and moments.
        (DataType::Date, "Nullable(Date)", days(19_000), Some("2022-01-08")),
        (DataType::Date, "Nullable(Date)", days(-1), None),
        (
            DataType::Timestamp,
            "Nullable(DateTime64(3, 'UTC'))",
            moments(1_000),
            Some("1970-01-01 00:00:00.001"),
        ),
        (DataType::Timestamp, "Nullable(DateTime64(3, 'UTC'))", moments(1_001), None),
        (DataType::Timestamp, "Nullable(DateTime('UTC'))", moments(-1_000_000), None),
    ];
    for (data_type, kind, value, wanted) in cases {
        let loaded = load_into(column(data_type), kind, value);
        match (wanted, loaded) {
            (Some(wanted), Ok(found)) => assert_eq!(found, wanted, "{kind}"),
            (None, Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::Terminal, "{kind}: {error}");
                assert!(error.to_string().contains("column v") && error.remedy().is_some(), "{error:?}");
            }
            (wanted, loaded) => panic!("{kind}: {loaded:?}, wanted {wanted:?}"),
        }
    }
}

#[test]
fn wide_decimals_times_and_hinted_digits_come_as_they_are() {
    let wide = Column { precision: Some(60), scale: Some(9), ..column(DataType::Decimal) };
    let text = "-123456789012345678901234567890123456789012345678901.123456789";
    let value: ArrayRef = Arc::new(StringArray::from(vec![text]));
    assert_eq!(load_into(wide, "Nullable(Decimal(60, 9))", value).unwrap(), text);
    let times: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![3_723_456_789]));
    assert_eq!(load_into(column(DataType::Time), "Nullable(String)", times).unwrap(), "01:02:03.456789");
    let whole: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![3_723_000_000]));
    assert_eq!(load_into(column(DataType::Time), "Nullable(String)", whole).unwrap(), "01:02:03");
    let hinted = Column { precision: Some(3), ..column(DataType::Timestamp) };
    let moment: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_999]).with_timezone("UTC"));
    let found = load_into(hinted, "Nullable(DateTime64(3, 'UTC'))", moment).unwrap();
    assert_eq!(found, "1970-01-01 00:00:00.001");
}

#[test]
fn a_column_that_must_not_be_null_gets_no_value_that_nobody_gave() {
    let columns = [Column::typed("v", DataType::Bigint, false), Column::typed("w", DataType::Text, true)];
    let fixture = items_load(columns, &json!({}));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let path = fixture.parquet("1", vec![("w", texts)]);
    let error = fixture.load(&path).unwrap_err();
    assert!(
        error.to_string().contains("column v") && error.remedy().unwrap().contains("nullable"),
        "{error:?}"
    );
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![None::<i64>]));
    let path = fixture.parquet("2", vec![("v", nulls)]);
    let error = fixture.load(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error:?}");
    assert!(fixture.rows().is_empty());
}
