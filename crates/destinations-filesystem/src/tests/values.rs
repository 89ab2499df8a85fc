//! Moments in names and rows in files.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use cartage_destinations_api::{ErrorKind, FileFormat};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::date_tokens::{is_token, iso, of_micros, parse, token};
use crate::file_name::holds;
use crate::rows::{format_of, read};

#[test]
fn parts_of_dates_are_those_of_dlt_at_the_borders_of_day_and_year() {
    // Values of pendulum for these moments.
    for (moment, tokens) in [
        (
            "2024-01-01T00:00:00Z",
            "YYYY=2024 YY=24 MM=01 M=1 DD=01 D=1 HH=00 H=0 mm=00 m=0 ss=00 s=0 SSSS=0000 S=0 Q=1 d=1 dd=mo ddd=mon MMM=jan",
        ),
        (
            "1999-12-31T23:59:59.999999Z",
            "YYYY=1999 YY=99 MM=12 M=12 DD=31 D=31 HH=23 H=23 mm=59 ss=59 SSSS=9999 SSS=999 SS=99 S=9 Q=4 d=5 dddd=friday MMMM=december",
        ),
        ("2000-04-02T10:05:09.05Z", "Q=2 d=0 dd=su m=5 s=9 SSSS=0500 SSS=050 SS=05 S=0 Y=2000"),
    ] {
        let at = parse(moment).unwrap();
        for pair in tokens.split(' ') {
            let (name, value) = pair.split_once('=').unwrap();
            assert!(is_token(name), "{name}");
            assert_eq!(token(name, at).as_deref(), Some(value), "{name} of {moment}");
        }
    }
    for name in ["", "yyyy", "YYYYY", "table_name", "QQ"] {
        assert!(!is_token(name) && token(name, of_micros(0)).is_none(), "{name}");
    }
}

#[test]
fn moments_are_understood_as_they_are_written() {
    for (text, micros) in [
        ("2023-11-14T22:13:20Z", Some(1_700_000_000_000_000)),
        ("2023-11-15T00:13:20+02:00", Some(1_700_000_000_000_000)),
        ("2023-11-14T22:13:20.5", Some(1_700_000_000_500_000)),
        ("2023-11-14 22:13:20", Some(1_700_000_000_000_000)),
        ("2023-11-14", Some(1_699_920_000_000_000)),
        ("1969-12-31T23:59:59.999999Z", Some(-1)),
        ("14.11.2023", None),
        ("2023-13-01", None),
        ("", None),
    ] {
        assert_eq!(parse(text).map(|moment| moment.timestamp_micros()), micros, "{text}");
    }
    assert_eq!(iso(1_700_000_000_000_001), "2023-11-14T22:13:20.000001+00:00");
    assert_eq!(iso(-1), "1969-12-31T23:59:59.999999+00:00");
}

#[test]
fn a_name_holds_a_load_id_only_whole() {
    for (name, is_held) in [
        ("items/1700000000.5.abc.jsonl", true),
        ("items/load=1700000000.5/abc.jsonl", true),
        ("1700000000.5", true),
        ("items/11700000000.5.abc.jsonl", false),
        ("items/1700000000.55.abc.jsonl", false),
        ("items/1700000000.55/1700000000.5.jsonl", true),
        ("items/1700000000.abc.jsonl", false),
    ] {
        assert_eq!(holds(name, "1700000000.5"), is_held, "{name}");
    }
}

#[test]
fn formats_are_known_by_their_ending() {
    for (name, format) in [
        ("a/b.jsonl", Some((FileFormat::Jsonl, false))),
        ("a/b.jsonl.gz", Some((FileFormat::Jsonl, true))),
        ("a/1700000000.5.b.csv.gz", Some((FileFormat::Csv, true))),
        ("b.parquet", Some((FileFormat::Parquet, false))),
        ("notes.txt", None),
        ("init", None),
        ("a.gz", None),
    ] {
        assert_eq!(format_of(name), format, "{name}");
    }
}

fn packed(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn parquet_file() -> Vec<u8> {
    let decimals = Decimal128Array::from(vec![Some(150), None]).with_precision_and_scale(9, 2).unwrap();
    let moments =
        TimestampMicrosecondArray::from(vec![Some(1_700_000_000_000_000), None]).with_timezone("UTC");
    let columns: [(&str, ArrayRef); 5] = [
        ("id", Arc::new(Int64Array::from(vec![Some(9_007_199_254_740_993), None]))),
        ("name", Arc::new(StringArray::from(vec![Some("a\nb"), None]))),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("price", Arc::new(decimals)),
        ("at", Arc::new(moments)),
    ];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn rows_of_all_formats_are_read_without_loss() {
    let lines = "{\"id\":9007199254740993,\"name\":\"a\\nb\"}\n{\"id\":null}\n";
    let cells = "id,name\n9007199254740993,\"a\nb\"\n,\n";
    let line_rows = json!([{"id": 9_007_199_254_740_993_u64, "name": "a\nb"}, {"id": null}]);
    let cell_rows = json!([{"id": "9007199254740993", "name": "a\nb"}, {}]);
    for (format, bytes, expected) in [
        (FileFormat::Jsonl, lines.as_bytes().to_vec(), line_rows.clone()),
        (FileFormat::Jsonl, packed(lines), line_rows.clone()),
        (FileFormat::Jsonl, [packed(lines), packed("{\"id\":1}\n")].concat(), {
            let mut both = line_rows.clone();
            both.as_array_mut().unwrap().push(json!({"id": 1}));
            both
        }),
        (FileFormat::Jsonl, Vec::new(), json!([])),
        (FileFormat::Csv, cells.as_bytes().to_vec(), cell_rows.clone()),
        (FileFormat::Csv, packed(cells), cell_rows),
        (
            FileFormat::Parquet,
            parquet_file(),
            json!([{"id": 9_007_199_254_740_993_u64, "name": "a\nb", "ok": true, "price": "1.50",
                "at": "2023-11-14T22:13:20+00:00"}, {}]),
        ),
    ] {
        let rows: Vec<Value> = read("x", format, bytes).unwrap().into_iter().map(Value::Object).collect();
        assert_eq!(Value::from(rows), expected, "{format}");
    }
}

#[test]
fn files_that_are_not_what_their_name_says_are_named() {
    for (format, bytes) in [
        (FileFormat::Jsonl, b"{\"id\":1}\nno json\n".to_vec()),
        (FileFormat::Jsonl, b"\xff\xfe".to_vec()),
        (FileFormat::Jsonl, packed("{\"id\":1}\n")[..12].to_vec()),
        (FileFormat::Csv, b"a,b\n1\n".to_vec()),
        (FileFormat::Parquet, b"PAR1 but no more".to_vec()),
        (FileFormat::Parquet, Vec::new()),
    ] {
        let error = read("s3://lake/raw/items/x", format, bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().starts_with("cannot read s3://lake/raw/items/x: "), "{error}");
    }
}
