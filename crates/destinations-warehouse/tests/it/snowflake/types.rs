//! Every dlt type out of a Parquet file into its column, and what columns cannot hold.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use cartage_destinations_api::{Destination, ErrorKind};
use cartage_schema::{Column, DataType};
use serde_json::json;

use super::util::items_load;

/// 2024-01-02T03:04:05.678901Z
const MOMENT: i64 = 1_704_164_645_678_901;

fn column(data_type: DataType) -> Column {
    Column::typed("c", data_type, true)
}

fn texts(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn decimals(value: i128, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(precision, scale).unwrap())
}

/// Columns with a value, the column's type at the stand-in and the value as text.
fn samples() -> Vec<(Column, ArrayRef, &'static str, String)> {
    let text = "it's \u{1F600}\n\t\\N \r\u{1a} \"x\" ";
    let long = "\u{20ac}".repeat(100_000);
    let moments: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![MOMENT]).with_timezone("UTC"));
    let naive: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![MOMENT]));
    let of_naive = Column { timezone: Some(false), ..column(DataType::Timestamp) };
    let sample = |column, array, data_type, value: &str| (column, array, data_type, value.to_owned());
    vec![
        sample(column(DataType::Text), texts(text), "TEXT", text),
        sample(column(DataType::Text), texts(&long), "TEXT", &long),
        sample(column(DataType::Text), texts(""), "TEXT", ""),
        sample(column(DataType::Double), Arc::new(Float64Array::from(vec![-0.1])), "FLOAT", "-0.1"),
        sample(column(DataType::Bool), Arc::new(BooleanArray::from(vec![true])), "BOOLEAN", "true"),
        sample(
            column(DataType::Bigint),
            Arc::new(Int64Array::from(vec![i64::MIN])),
            "NUMBER(19,0)",
            "-9223372036854775808",
        ),
        sample(column(DataType::Decimal), decimals(-1, 38, 9), "NUMBER(38,9)", "-0.000000001"),
        // The stand-in keeps 64 bits of it.
        sample(column(DataType::Wei), decimals(-12, 38, 0), "NUMBER(38,0)", "-12"),
        sample(column(DataType::Timestamp), moments, "TIMESTAMP_TZ", "2024-01-02 03:04:05.678901+00"),
        sample(of_naive, naive, "TIMESTAMP_NTZ", "2024-01-02 03:04:05.678901"),
        sample(column(DataType::Date), Arc::new(Date32Array::from(vec![19_724])), "DATE", "2024-01-02"),
        sample(
            column(DataType::Time),
            Arc::new(Time64MicrosecondArray::from(vec![3_723_456_789])),
            "TIME",
            "01:02:03.456789",
        ),
        sample(
            column(DataType::Binary),
            Arc::new(BinaryArray::from(vec![&[0_u8, 255][..]])),
            "BINARY",
            "\\x00\\xFF",
        ),
        sample(
            column(DataType::Json),
            texts(r#"{"b": [1, 2.5], "a": null}"#),
            "VARIANT",
            r#"{"b":[1,2.5],"a":null}"#,
        ),
    ]
}

#[test]
fn values_of_every_type_are_kept() {
    let samples = samples();
    let names: Vec<String> = (0..samples.len()).map(|nth| format!("c{nth}")).collect();
    let columns = names
        .iter()
        .zip(&samples)
        .map(|(name, (column, ..))| Column { name: name.clone(), ..column.clone() });
    let fixture = items_load(columns, &json!({}));
    let arrays = names.iter().zip(&samples).map(|(name, (_, array, ..))| (name.as_str(), Arc::clone(array)));
    fixture.load(&fixture.parquet("1", arrays.collect())).unwrap();
    // A file that lacks all columns but one.
    let nothing = arrow::array::new_null_array(&arrow::datatypes::DataType::Utf8, 2);
    fixture.load(&fixture.parquet("2", vec![("c0", nothing)])).unwrap();
    fixture.commit();
    let types = fixture.destination.reader().unwrap().columns("items").unwrap();
    let rows = fixture.rows();
    assert_eq!(rows[..2], vec![vec![None; samples.len()]; 2]);
    for (nth, (column, _, data_type, value)) in samples.iter().enumerate() {
        assert_eq!(types[nth], (names[nth].clone(), (*data_type).to_owned()), "{column:?}");
        let found = rows[2][nth].as_ref().unwrap();
        assert!(found == value, "{column:?}: {found:?} is not {value:?}");
    }
}

#[test]
fn what_a_column_cannot_hold_is_refused_with_the_remedy_and_leaves_no_row() {
    let null: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    for (column, array) in [
        (Column::typed("c", DataType::Bigint, false), null),
        (column(DataType::Json), texts("{")),
        (
            Column { precision: Some(5), scale: Some(2), ..column(DataType::Decimal) },
            decimals(10_000_000, 38, 2),
        ),
    ] {
        let fixture = items_load([column.clone()], &json!({}));
        let error = fixture.load(&fixture.parquet("1", vec![("c", array)])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Terminal, "{column:?}: {error}");
        assert!(error.remedy().unwrap().contains("clean the data"), "{column:?}: {error:?}");
        assert_eq!(fixture.rows(), Vec::<Vec<Option<String>>>::new(), "{column:?}");
    }
}
