//! Detection and coercion of values against dlt.

use std::borrow::Cow;

use cartage_values::{
    DataType, Decimal, Detection, Iso, Scalar, coerce, decode_typed, detect, parse_iso, parse_iso_timestamp,
};
use serde_json::{Value, json};

use crate::vectors::{Differences, folder, rows};

/// Vectors with which we differ from dlt by design: a value that would lose something is not converted.
fn deliberate(name: &str) -> Vec<Value> {
    let path = folder().join("../oracle/differences.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let list: Value = serde_json::from_str(&text).unwrap();
    let groups = list[name].as_object().unwrap().values();
    groups.flat_map(|group| group.as_array().unwrap().clone()).collect()
}

fn decode(value: &Value) -> Scalar<'static> {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match kind.parse::<DataType>().unwrap() {
        DataType::Text => Scalar::Text(text().into()),
        DataType::Bigint => Scalar::Int(text().parse().unwrap()),
        DataType::Double => Scalar::Double(text().parse().unwrap()),
        DataType::Bool => Scalar::Bool(value.as_bool().unwrap()),
        DataType::Timestamp => {
            Scalar::Timestamp { micros: value[0].as_i64().unwrap(), aware: value[1].as_bool().unwrap() }
        }
        DataType::Date => Scalar::Date(value.as_i64().unwrap() as i32),
        DataType::Time => Scalar::Time(value.as_i64().unwrap()),
        DataType::Decimal => Scalar::Decimal(Decimal::parse(&text()).unwrap()),
        DataType::Wei => Scalar::Wei(Decimal::parse(&text()).unwrap()),
        DataType::Binary => Scalar::Binary(Cow::Owned(hex(&text()))),
        DataType::Json => Scalar::Json(text().into()),
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn encode(value: &Scalar<'_>) -> Value {
    match value {
        Scalar::Text(text) | Scalar::Json(text) => json!(text),
        Scalar::Int(integer) => json!(integer.to_string()),
        Scalar::Double(float) => {
            let mut text = Vec::new();
            cartage_values::write_python_float(&mut text, *float);
            json!(String::from_utf8(text).unwrap())
        }
        Scalar::Bool(boolean) => json!(boolean),
        Scalar::Timestamp { micros, aware } => json!([micros, aware]),
        Scalar::Date(days) => json!(days),
        Scalar::Time(micros) => json!(micros),
        Scalar::Decimal(decimal) | Scalar::Wei(decimal) => json!(decimal.to_string()),
        Scalar::Binary(bytes) => {
            json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat())
        }
    }
}

/// Integers of more than 128 bits have no place in a column, so they stay what they are.
fn is_beyond_us(to: DataType, expected: Option<&Value>) -> bool {
    to == DataType::Bigint
        && expected.is_some_and(|integer| integer.as_str().unwrap().parse::<i128>().is_err())
}

#[test]
fn values_are_converted_as_dlt_converts_them_or_by_design_not_at_all() {
    let mut differences = Differences::default();
    let kept = deliberate("coercions");
    for row in rows("coercions") {
        let Some(source) = decodable(&row[0]) else { continue };
        for to in DataType::ALL {
            let expected = row[1].get(to.as_str());
            if is_beyond_us(*to, expected) {
                continue;
            }
            let ours = coerce(source.clone(), *to).ok().map(|value| encode(&value));
            // What is listed must differ, so that the list does not go stale.
            let is_kept = expected.is_some() && kept.contains(&json!([row[0], to.as_str()]));
            let expected = if is_kept { None } else { expected.cloned() };
            differences.check(&(&row[0], to), &ours, &expected);
        }
    }
}

fn decodable(value: &Value) -> Option<Scalar<'static>> {
    let too_large =
        value.get("bigint").is_some_and(|integer| integer.as_str().unwrap().parse::<i128>().is_err());
    (!too_large).then(|| decode(value))
}

#[test]
fn iso_texts_are_read_as_dlt_reads_them() {
    let mut differences = Differences::default();
    for row in rows("iso") {
        let text = row[0].as_str().unwrap();
        let ours = match parse_iso(text) {
            None => Value::Null,
            Some(Iso::Timestamp { micros, aware }) => json!(["timestamp", micros, aware]),
            Some(Iso::Date(days)) => json!(["date", days]),
            Some(Iso::Time(micros)) => json!(["time", micros]),
        };
        differences.check(&text, &ours, &row[1]);
        let is_timestamp = row[1].get(0) == Some(&json!("timestamp"));
        differences.check(&text, &parse_iso_timestamp(text).is_some(), &is_timestamp);
    }
}

#[test]
fn detections_find_what_dlt_finds() {
    let mut differences = Differences::default();
    let kept = deliberate("detections");
    for row in rows("detections") {
        let Some(value) = decodable(&row[0]) else { continue };
        for detection in Detection::ALL {
            let expected = row[1].get(detection.as_str()).map(|kind| kind.as_str().unwrap().parse().unwrap());
            let ours = detect(&value, &[*detection], 1_700_000_000.0);
            let expected = expected.filter(|_| !kept.contains(&json!([row[0], detection.as_str()])));
            differences.check(&(detection, &value), &ours, &expected.unwrap_or(value.data_type()));
        }
    }
}

#[test]
fn decimals_are_written_as_python_writes_them() {
    let mut differences = Differences::default();
    for row in rows("decimals") {
        let text = row[0].as_str().unwrap();
        differences.check(
            &text,
            &Decimal::parse(text).map(|decimal| json!(decimal.to_string())),
            &Some(row[1].clone()),
        );
    }
}

#[test]
fn typed_texts_are_decoded_as_dlt_decodes_them() {
    let mut differences = Differences::default();
    for row in rows("typed") {
        let text = row[0].as_str().unwrap();
        let ours = decode_typed(text).map(|value| json!({ value.data_type().as_str(): encode(&value) }));
        differences.check(&text, &ours.unwrap_or_default(), &row[1]);
    }
}

#[test]
fn decimals_are_scaled_with_halves_away_from_zero() {
    let scaled = |text: &str, precision, scale| Decimal::parse(text).unwrap().to_i128(precision, scale);
    assert_eq!(scaled("1.25", 10, 1), Ok(13));
    assert_eq!(scaled("-1.25", 10, 1), Ok(-13));
    assert_eq!(scaled("1E+3", 10, 2), Ok(100_000));
    assert_eq!(scaled("0.0000000000000000000000000000000000000000000000049", 38, 9), Ok(0));
    assert_eq!(scaled("99999999999999999999999999999999999999", 38, 0), Ok(10_i128.pow(38) - 1));
    assert!(scaled("99999999999999999999999999999999999999.5", 38, 0).is_err());
    assert!(scaled("99.995", 4, 2).is_err());
    assert!(scaled("NaN", 38, 9).is_err());
}

#[test]
fn wei_columns_end_where_bigquery_does() {
    let exceeds = |text: &str| Decimal::parse(text).unwrap().exceeds_wei();
    assert!(!exceeds("578960446186580977117854925043439539266"));
    assert!(exceeds("578960446186580977117854925043439539266.1"));
    assert!(exceeds("578960446186580977117854925043439539267"));
    assert!(!exceeds("-578960446186580977117854925043439539267"));
    assert!(exceeds("-578960446186580977117854925043439539268"));
    assert!(exceeds("1E+39") && !exceeds("1E+38"));
}
