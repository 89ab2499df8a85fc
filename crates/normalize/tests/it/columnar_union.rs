//! Columns that are new with a package hold what all of its Parquet files bring, in any order of the files.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Int32Array, Int64Array, NullArray, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, UInt64Array,
};
use arrow::datatypes::Field;
use cartage_schema::{Column, DataType as Type};
use serde_json::{Value, json};

use crate::harness::Pipeline;
use crate::parquet::extract_files;

/// Normalizes files with a column `v` each, in this order and the other, and gives what is the same in both:
/// the column and all values, those of variants by their names.
fn unified(files: &[ArrayRef], hints: &[Column]) -> (Column, Vec<(String, Value)>) {
    let one = of_files(files.iter().cloned(), hints);
    let other = of_files(files.iter().rev().cloned(), hints);
    assert_eq!(one, other, "the order of the files makes a difference");
    one
}

fn of_files(files: impl Iterator<Item = ArrayRef>, hints: &[Column]) -> (Column, Vec<(String, Value)>) {
    let pipeline = Pipeline::new();
    let files = files.map(|array| {
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..array.len() as i64));
        let is_nullable = array.null_count() > 0 || array.data_type().is_null();
        vec![
            (Field::new("id", ids.data_type().clone(), false), ids),
            (Field::new("v", array.data_type().clone(), is_nullable), array),
        ]
    });
    let load_id = extract_files(&pipeline, files.collect(), hints);
    pipeline.normalize(&load_id, None).unwrap();
    let column = pipeline.schema(&load_id).tables["items"].columns["v"].clone();
    let tables = pipeline.tables(&load_id);
    let mut values: Vec<(String, Value)> = tables["items"]
        .rows
        .iter()
        .flat_map(|row| row.iter().filter(|(name, value)| name.starts_with('v') && !value.is_null()))
        .map(|(name, value)| (name.clone(), without_zeros(value)))
        .collect();
    values.sort_by_key(|(name, value)| (name.clone(), value.to_string()));
    (column, values)
}

/// A file that is taken as it is keeps its scale.
fn without_zeros(value: &Value) -> Value {
    match value.as_str() {
        Some(text) if text.contains('.') && !text.contains('T') => {
            json!(text.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => value.clone(),
    }
}

fn v(values: impl IntoIterator<Item = Value>) -> Vec<(String, Value)> {
    values.into_iter().map(|value| ("v".to_owned(), value)).collect()
}

fn decimals(values: Vec<i128>, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
}

#[test]
fn integers_get_the_widest_type() {
    let narrow: ArrayRef = Arc::new(Int32Array::from(vec![7]));
    let wide: ArrayRef = Arc::new(Int64Array::from(vec![1 << 40]));
    let (column, values) = unified(&[narrow.clone(), wide], &[]);
    assert_eq!((column.data_type, column.precision), (Some(Type::Bigint), None));
    assert_eq!(values, v([json!(1_099_511_627_776_i64), json!(7)]));

    let unsigned: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    let (column, values) = unified(&[narrow.clone(), unsigned], &[]);
    assert_eq!((column.data_type, column.precision, column.scale), (Some(Type::Decimal), Some(20), Some(0)));
    assert_eq!(values, v([json!("18446744073709551615"), json!("7")]));

    let small: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX >> 1]));
    let (column, _) = unified(&[narrow, small], &[]);
    assert_eq!(column.data_type, Some(Type::Bigint), "what needs no 64th bit stays an integer");
}

#[test]
fn decimals_get_the_digits_of_all_files() {
    let (column, values) = unified(&[decimals(vec![12345], 10, 2), decimals(vec![12345], 12, 4)], &[]);
    assert_eq!((column.precision, column.scale), (Some(12), Some(4)));
    assert_eq!(values, v([json!("1.2345"), json!("123.45")]));
    let (column, values) = unified(&[decimals(vec![150], 10, 2), Arc::new(Int32Array::from(vec![7]))], &[]);
    assert_eq!((column.data_type, column.precision, column.scale), (Some(Type::Decimal), Some(12), Some(2)));
    assert_eq!(values, v([json!("1.5"), json!("7")]));
}

#[test]
fn moments_get_the_most_digits() {
    let coarse: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1]));
    let fine: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1]));
    let (_, values) = unified(&[coarse, fine], &[]);
    assert_eq!(values, v([json!("1970-01-01T00:00:00.000001Z"), json!("1970-01-01T00:00:00.001000Z")]));
}

#[test]
fn nulls_of_any_file_make_the_column_nullable() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    for nulls in [Arc::new(NullArray::new(1)) as ArrayRef, Arc::new(Int64Array::from(vec![None]))] {
        let (column, values) = unified(&[numbers.clone(), nulls], &[]);
        assert!(column.is_nullable());
        assert_eq!(values, v([json!(7)]));
    }
}

#[test]
fn what_no_type_holds_goes_to_a_variant_of_the_first() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let (column, values) = of_files([numbers, texts].into_iter(), &[]);
    assert!(column.is_nullable());
    assert_eq!(values, [("v".to_owned(), json!(7)), ("v__v_text".to_owned(), json!("x"))]);
}

#[test]
fn a_hint_decides_whatever_the_files_have() {
    let narrow: ArrayRef = Arc::new(Int32Array::from(vec![7]));
    let wide: ArrayRef = Arc::new(Int64Array::from(vec![8]));
    let (column, values) = unified(&[narrow, wide], &[Column::typed("v", Type::Text, true)]);
    assert_eq!(column.data_type, Some(Type::Text));
    assert_eq!(values, v([json!("7"), json!("8")]));
}
