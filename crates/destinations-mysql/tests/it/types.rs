//! Every dlt type out of a Parquet file into its column, by both ways; what a column cannot hold is refused.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    LargeStringArray, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
    TimestampNanosecondArray, UInt64Array,
};
use cartage_destinations_api::{Destination, ErrorKind};
use cartage_schema::{Column, DataType};
use cartage_test_support::mariadb::Server;
use serde_json::{Value, json};

use crate::util::{items_load, plan};

/// 2024-01-02T03:04:05.678901Z
const MOMENT: i64 = 1_704_164_645_678_901;

fn column(data_type: DataType) -> Column {
    Column::typed("c", data_type, true)
}

fn precise(data_type: DataType, precision: u32, scale: Option<u32>) -> Column {
    Column { precision: Some(precision), scale, ..column(data_type) }
}

fn texts(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn integers(value: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![value]))
}

fn doubles(value: f64) -> ArrayRef {
    Arc::new(Float64Array::from(vec![value]))
}

fn decimals(value: i128, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(precision, scale).unwrap())
}

fn moments(micros: i64) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC"))
}

/// Columns with a value, the column's type at the server and the value as text.
fn samples() -> Vec<(Column, ArrayRef, &'static str, String)> {
    let text = "it's \u{1F600}\n\t\\N \r\0\u{1a} \"x\" ";
    let long = "\u{20ac}".repeat(100_000);
    let most = 10_i128.pow(38) - 1;
    let wide = format!("-{}.{}", "9".repeat(35), "1".repeat(30));
    let nanos = TimestampNanosecondArray::from(vec![MOMENT * 1000]).with_timezone("Europe/Berlin");
    let time: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![3_723_456_789]));
    let bytes: Vec<u8> = (0..=255).collect();
    let hex = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let unique = Column { unique: Some(true), ..column(DataType::Text) };
    let sample = |column, array, data_type, value: &str| (column, array, data_type, value.to_owned());
    vec![
        sample(column(DataType::Text), texts(text), "longtext", text),
        sample(column(DataType::Text), texts(&long), "longtext", &long),
        sample(column(DataType::Text), texts(""), "longtext", ""),
        sample(column(DataType::Text), Arc::new(LargeStringArray::from(vec!["x"])), "longtext", "x"),
        sample(unique, texts("aAä"), "varchar(128)", "aAä"),
        sample(precise(DataType::Text, 3, None), texts("äöü"), "varchar(3)", "äöü"),
        sample(column(DataType::Double), doubles(5e-324), "double", "5e-324"),
        sample(column(DataType::Bool), Arc::new(BooleanArray::from(vec![true])), "tinyint(1)", "1"),
        sample(column(DataType::Bigint), integers(i64::MIN), "bigint(20)", "-9223372036854775808"),
        sample(precise(DataType::Bigint, 16, None), integers(-32_768), "smallint(6)", "-32768"),
        sample(precise(DataType::Bigint, 32, None), integers(-70_000), "int(11)", "-70000"),
        sample(column(DataType::Decimal), decimals(-1, 38, 9), "decimal(38,9)", "-0.000000001"),
        sample(
            precise(DataType::Decimal, 38, Some(0)),
            decimals(-most, 38, 0),
            "decimal(38,0)",
            &(-most).to_string(),
        ),
        sample(precise(DataType::Decimal, 65, Some(30)), texts(&wide), "decimal(65,30)", &wide),
        sample(column(DataType::Wei), decimals(most, 38, 0), "decimal(38,0)", &most.to_string()),
        sample(column(DataType::Timestamp), moments(MOMENT), "datetime(6)", "2024-01-02 03:04:05.678901"),
        sample(column(DataType::Timestamp), Arc::new(nanos), "datetime(6)", "2024-01-02 03:04:05.678901"),
        sample(
            precise(DataType::Timestamp, 3, None),
            moments(MOMENT),
            "datetime(3)",
            "2024-01-02 03:04:05.679",
        ),
        sample(precise(DataType::Timestamp, 0, None), moments(MOMENT), "datetime", "2024-01-02 03:04:06"),
        sample(column(DataType::Date), Arc::new(Date32Array::from(vec![-719_162])), "date", "0001-01-01"),
        sample(column(DataType::Date), Arc::new(Date32Array::from(vec![2_932_896])), "date", "9999-12-31"),
        sample(column(DataType::Time), Arc::clone(&time), "time(6)", "01:02:03.456789"),
        sample(precise(DataType::Time, 3, None), time, "time(3)", "01:02:03.457"),
        sample(
            column(DataType::Binary),
            Arc::new(BinaryArray::from(vec![&bytes[..]])),
            "longblob",
            &format!("\\x{hex}"),
        ),
        sample(
            column(DataType::Json),
            texts(r#"{"b": [1, 2.50], "a": null}"#),
            "longtext",
            r#"{"b": [1, 2.50], "a": null}"#,
        ),
    ]
}

/// Loads all samples into one table.
fn keeps_all(extra: &Value) {
    let samples = samples();
    let columns = samples
        .iter()
        .enumerate()
        .map(|(nth, (column, ..))| Column { name: format!("c{nth}"), ..column.clone() });
    let fixture = items_load(columns, extra);
    let names: Vec<String> = (0..samples.len()).map(|nth| format!("c{nth}")).collect();
    let arrays = names.iter().zip(&samples).map(|(name, (_, array, ..))| (name.as_str(), Arc::clone(array)));
    fixture.load(&fixture.parquet("1", arrays.collect())).unwrap();
    let nulls = names
        .iter()
        .zip(&samples)
        .map(|(name, (_, array, ..))| (name.as_str(), arrow::array::new_null_array(array.data_type(), 2)));
    fixture.load(&fixture.parquet("2", nulls.collect())).unwrap();
    let types = fixture.destination.reader().unwrap().columns("items").unwrap();
    let rows = fixture.rows();
    assert_eq!(rows[..2], vec![vec![None; samples.len()]; 2]);
    for (nth, (column, _, data_type, value)) in samples.iter().enumerate() {
        assert_eq!(types[nth].1, *data_type, "{column:?}");
        let found = rows[2][nth].as_ref().unwrap();
        if column.data_type == Some(DataType::Double) {
            assert_eq!(found.parse::<f64>().unwrap().to_bits(), value.parse::<f64>().unwrap().to_bits());
        } else {
            assert!(found == value, "{column:?}: {found:?} is not {value:?}");
        }
    }
}

#[test]
fn values_that_are_longer_than_a_packet_are_kept() {
    let columns = [column(DataType::Text), Column::typed("b", DataType::Binary, true)];
    let fixture = items_load(columns, &json!({}));
    let long = "x".repeat(40_000_000);
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![long.as_bytes()]));
    fixture.load(&fixture.parquet("1", vec![("c", texts(&long)), ("b", bytes)])).unwrap();
    let hex = format!("\\x{}", "78".repeat(long.len()));
    assert!(fixture.rows() == [[Some(long), Some(hex)]]);
}

#[test]
fn values_of_every_type_are_kept_in_files_of_rows() {
    keeps_all(&json!({}));
}

#[test]
fn values_of_every_type_are_kept_in_statements_where_the_server_takes_no_files() {
    let server = Server::private(&["--local-infile=0"]);
    keeps_all(&json!({"credentials": server.url()}));
    refuses_all(&json!({"credentials": server.url()}));
}

/// What does not fit is refused with column and remedy, and no row of its file is left.
fn refuses_all(extra: &Value) {
    let cases: Vec<(Column, ArrayRef, &str)> = vec![
        (precise(DataType::Text, 3, None), texts("four"), "c"),
        (precise(DataType::Bigint, 16, None), integers(40_000), "1264"),
        (column(DataType::Bigint), Arc::new(UInt64Array::from(vec![u64::MAX])), "1264"),
        (column(DataType::Decimal), texts(&"9".repeat(30)), "1264"),
        (column(DataType::Decimal), texts("0.0000000001"), "1265"),
        (column(DataType::Decimal), texts("12x"), "c"),
        (column(DataType::Double), doubles(f64::NAN), "NaN"),
        (column(DataType::Double), doubles(f64::NEG_INFINITY), "-inf"),
        (column(DataType::Timestamp), moments(253_402_300_800_000_000), "9999"),
        (column(DataType::Timestamp), moments(-62_167_219_200_000_001), "9999"),
        (column(DataType::Date), Arc::new(Date32Array::from(vec![2_932_897])), "9999"),
        (column(DataType::Json), texts("{"), "4025"),
    ];
    for (column, array, expected) in cases {
        let fixture = items_load([column.clone()], extra);
        let error = fixture.load(&fixture.parquet("1", vec![("c", array)])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Terminal, "{column:?}: {error}");
        assert!(error.to_string().contains(expected) && error.remedy().is_some(), "{column:?}: {error:?}");
        assert_eq!(fixture.rows(), Vec::<Vec<Option<String>>>::new(), "{column:?}");
        // The job may be tried again with other rows.
        let nothing = arrow::array::new_null_array(&arrow::datatypes::DataType::Null, 1);
        fixture.load(&fixture.parquet("1", vec![("c", nothing)])).unwrap();
        fixture.commit();
    }
}

#[test]
fn what_a_column_cannot_hold_is_refused_with_the_remedy() {
    refuses_all(&json!({}));
}

#[test]
fn values_that_columns_of_others_would_change_are_refused_and_the_rest_is_kept() {
    let cases = [
        (DataType::Decimal, "tinyint", decimals(1_500_000_000, 38, 9), decimals(2_000_000_000, 38, 9), "2"),
        (DataType::Double, "int", doubles(1.5), doubles(2.0), "2"),
        (
            DataType::Timestamp,
            "datetime",
            moments(MOMENT),
            moments(1_704_164_645_000_000),
            "2024-01-02 03:04:05",
        ),
        (DataType::Bigint, "year", integers(24), integers(2024), "2024"),
        (DataType::Text, "char(5) character set utf8mb4", texts("a  "), texts("  a"), "  a"),
    ];
    for (data_type, made_by_others, changed, kept, wanted) in cases {
        let fixture = items_load([column(data_type)], &json!({}));
        let table = format!("`{}`.items", fixture.dataset.name);
        fixture.dataset.server.sql(&format!("ALTER TABLE {table} MODIFY c {made_by_others}"));
        let error = fixture.load(&fixture.parquet("1", vec![("c", changed)])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Terminal, "{made_by_others}: {error}");
        assert!(error.to_string().contains("column c, row 1 of the file"), "{made_by_others}: {error}");
        fixture.load(&fixture.parquet("2", vec![("c", kept)])).unwrap();
        assert_eq!(fixture.rows(), [[Some(wanted.to_owned())]], "{made_by_others}");
    }
}

#[test]
fn a_null_where_none_may_be_is_refused() {
    let fixture = items_load([Column::typed("c", DataType::Bigint, false)], &json!({}));
    let array: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let error = fixture.load(&fixture.parquet("1", vec![("c", array)])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(
        error.to_string().contains("'c' at row 2") && error.remedy().unwrap().contains("nullable"),
        "{error:?}"
    );
}

#[test]
fn text_that_the_character_set_of_a_table_lacks_is_refused_and_columns_of_it_are_kept() {
    let fixture = items_load([column(DataType::Text)], &json!({}));
    let table = format!("`{}`.items", fixture.dataset.name);
    fixture
        .dataset
        .server
        .sql(&format!("ALTER TABLE {table} MODIFY c TEXT CHARACTER SET latin1, ADD f FLOAT"));
    fixture.load(&fixture.parquet("1", vec![("c", texts("caf\u{e9}"))])).unwrap();
    assert_eq!(fixture.rows(), [[Some("caf\u{e9}".to_owned()), None]]);
    let error = fixture.load(&fixture.parquet("2", vec![("c", texts("\u{4e2d}"))])).unwrap_err();
    assert!(error.remedy().unwrap().contains("utf8mb4"), "{error:?}");
    let error = fixture.load(&fixture.parquet("2", vec![("f", doubles(0.1))])).unwrap_err();
    assert!(error.to_string().contains("FLOAT"), "{error}");
}

#[test]
fn columns_are_found_whatever_the_case_of_their_names() {
    let fixture = items_load([Column::typed("c", DataType::Bigint, true)], &json!({}));
    fixture.dataset.server.sql(&format!("ALTER TABLE `{}`.items CHANGE c C BIGINT", fixture.dataset.name));
    fixture.load(&fixture.parquet("1", vec![("c", integers(7))])).unwrap();
    fixture.commit();
    let mut next = plan([Column::typed("c", DataType::Bigint, true)]);
    next.key.load_id = "1700000001.5".to_owned();
    let prepared = fixture.destination.prepare_load(&next).unwrap();
    assert!(prepared.added.is_empty() && prepared.created.is_empty(), "{prepared:?}");
    assert_eq!(fixture.rows(), [[Some("7".to_owned())]]);
}
