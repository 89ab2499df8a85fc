//! The values of a column as text, as dlt's writers have them.

use std::io::Write;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, PrimitiveArray, StringArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartage_values::canonical::{write_float, write_text};
use cartage_values::{date_to_text, time_to_text, timestamp_to_text};

use super::TextError;

/// With this many digits and no fraction a column of integers has some beyond 63 bits.
const WIDE_PRECISION: u8 = 20;

/// What the type of a column does not say about its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Texts are JSON documents.
    Json,
    /// Numbers without fraction are decimals all the same, not integers that are too large for 64 bits.
    Decimal,
}

/// A column of a batch.
pub(super) enum Cells<'a> {
    /// A column without values: every cell is null.
    Absent,
    Text(&'a StringArray),
    Json(&'a StringArray),
    Binary(&'a BinaryArray),
    Integer(&'a PrimitiveArray<Int64Type>),
    Double(&'a PrimitiveArray<Float64Type>),
    Bool(&'a BooleanArray),
    Timestamp(&'a PrimitiveArray<TimestampMicrosecondType>, bool),
    Date(&'a PrimitiveArray<Date32Type>),
    Time(&'a PrimitiveArray<Time64MicrosecondType>),
    /// With the digits after the point.
    Decimal(&'a Decimal128Array, i8),
    /// Integers beyond 63 bits.
    Wide(&'a Decimal128Array),
}

impl<'a> Cells<'a> {
    pub(super) fn new(column: &str, array: &'a ArrayRef, mark: Option<Mark>) -> Result<Self, TextError> {
        Ok(match array.data_type() {
            DataType::Utf8 if mark == Some(Mark::Json) => Self::Json(array.as_string()),
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Binary => Self::Binary(array.as_binary()),
            DataType::Int64 => Self::Integer(array.as_primitive()),
            DataType::Float64 => Self::Double(array.as_primitive()),
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                Self::Timestamp(array.as_primitive(), zone.is_some())
            }
            DataType::Date32 => Self::Date(array.as_primitive()),
            DataType::Time64(TimeUnit::Microsecond) => Self::Time(array.as_primitive()),
            DataType::Decimal128(WIDE_PRECISION, 0) if mark != Some(Mark::Decimal) => {
                Self::Wide(array.as_primitive::<Decimal128Type>())
            }
            DataType::Decimal128(_, scale) => Self::Decimal(array.as_primitive::<Decimal128Type>(), *scale),
            other => {
                return Err(TextError::Type { column: column.to_owned(), data_type: other.to_string() });
            }
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Absent => true,
            Self::Text(array) | Self::Json(array) => array.is_null(row),
            Self::Binary(array) => array.is_null(row),
            Self::Integer(array) => array.is_null(row),
            Self::Double(array) => array.is_null(row),
            Self::Bool(array) => array.is_null(row),
            Self::Timestamp(array, _) => array.is_null(row),
            Self::Date(array) => array.is_null(row),
            Self::Time(array) => array.is_null(row),
            Self::Decimal(array, _) | Self::Wide(array) => array.is_null(row),
        }
    }

    /// Whether the row has a value that JSON can hold.
    pub(super) fn has_json(&self, row: usize) -> bool {
        !self.is_null(row) && !matches!(self, Self::Double(array) if !array.value(row).is_finite())
    }

    /// Writes a value that is there.
    pub(super) fn write_json(&self, out: &mut Vec<u8>, row: usize) {
        match self {
            Self::Absent => out.extend_from_slice(b"null"),
            Self::Text(array) => write_text(out, array.value(row)),
            Self::Json(array) => out.extend_from_slice(array.value(row).as_bytes()),
            Self::Binary(array) => write_text(out, &STANDARD.encode(array.value(row))),
            Self::Bool(array) => out.extend_from_slice(if array.value(row) { b"true" } else { b"false" }),
            Self::Integer(_) | Self::Double(_) | Self::Wide(_) => self.write_number(out, row),
            Self::Decimal(..) => {
                out.push(b'"');
                self.write_number(out, row);
                out.push(b'"');
            }
            Self::Timestamp(..) | Self::Date(_) | Self::Time(_) => {
                out.push(b'"');
                out.extend_from_slice(self.moment(row).as_bytes());
                out.push(b'"');
            }
        }
    }

    /// Writes a cell; false if it holds bytes that are not text.
    pub(super) fn write_csv(&self, out: &mut Vec<u8>, row: usize) -> bool {
        if self.is_null(row) {
            out.extend_from_slice(b"\"\"");
            return true;
        }
        match self {
            Self::Absent => out.extend_from_slice(b"\"\""),
            Self::Text(array) | Self::Json(array) => quote(out, array.value(row).as_bytes()),
            Self::Binary(array) => {
                let text = std::str::from_utf8(array.value(row));
                quote(out, text.unwrap_or_default().as_bytes());
                return text.is_ok();
            }
            Self::Bool(array) => out.extend_from_slice(if array.value(row) { b"True" } else { b"False" }),
            Self::Integer(_) | Self::Double(_) | Self::Decimal(..) | Self::Wide(_) => {
                self.write_number(out, row);
            }
            Self::Timestamp(..) | Self::Date(_) | Self::Time(_) => {
                quote(out, self.moment(row).replacen('T', " ", 1).as_bytes());
            }
        }
        true
    }

    fn write_number(&self, out: &mut Vec<u8>, row: usize) {
        match self {
            Self::Integer(array) => {
                write!(out, "{}", array.value(row)).expect("writing to memory does not fail");
            }
            Self::Double(array) => match array.value(row) {
                value if value.is_nan() => out.extend_from_slice(b"nan"),
                value if value.is_infinite() => {
                    out.extend_from_slice(if value > 0.0 { b"inf" } else { b"-inf" });
                }
                value => write_float(out, value),
            },
            Self::Decimal(array, scale) => write_decimal(out, array.value(row), *scale),
            Self::Wide(array) => write_decimal(out, array.value(row), 0),
            _ => {}
        }
    }

    fn moment(&self, row: usize) -> String {
        match self {
            Self::Timestamp(array, aware) => timestamp_to_text(array.value(row), *aware),
            Self::Date(array) => date_to_text(array.value(row)),
            Self::Time(array) => time_to_text(array.value(row)),
            _ => String::new(),
        }
    }
}

/// A decimal without zeros at its end: how many digits the source had is not known any more.
fn write_decimal(out: &mut Vec<u8>, value: i128, scale: i8) {
    let scale = usize::try_from(scale).unwrap_or_default();
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    write!(out, "{sign}{whole}{point}{fraction}").expect("writing to memory does not fail");
}

/// A CSV cell in quotes.
pub(super) fn quote(out: &mut Vec<u8>, cell: &[u8]) {
    out.push(b'"');
    let mut rest = cell;
    while let Some(at) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=at]);
        out.push(b'"');
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Date32Array, Float64Array, Int64Array, RecordBatch, Time64MicrosecondArray, TimestampMicrosecondArray,
    };

    use super::super::{TextFormat, TextLayout};
    use super::*;

    /// A row with a value of each type, and one of nulls.
    fn lines(format: TextFormat) -> String {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("js", Arc::new(StringArray::from(vec![Some(r#"{"a":{"b":[1,{"c":2.0}]}}"#), None]))),
            ("id", Arc::new(Int64Array::from(vec![1, 2]))),
            ("name", Arc::new(StringArray::from(vec![Some("b,c\n\"q\""), None]))),
            ("d", {
                let decimals = Decimal128Array::from(vec![Some(-1_500_000_000), None]);
                Arc::new(decimals.with_precision_and_scale(38, 9).unwrap())
            }),
            ("n", {
                let decimals = Decimal128Array::from(vec![Some(12), None]);
                Arc::new(decimals.with_precision_and_scale(20, 0).unwrap())
            }),
            ("wide", {
                let integers = Decimal128Array::from(vec![Some(1 << 63), None]);
                Arc::new(integers.with_precision_and_scale(20, 0).unwrap())
            }),
            ("t", {
                let moments = TimestampMicrosecondArray::from(vec![Some(1_704_110_400_123_000), None]);
                Arc::new(moments.with_timezone("UTC"))
            }),
            ("da", Arc::new(Date32Array::from(vec![Some(19_724), None]))),
            ("ti", Arc::new(Time64MicrosecondArray::from(vec![Some(3_723_000_000), None]))),
            ("b", Arc::new(BinaryArray::from(vec![Some(b"xy".as_slice()), None]))),
            ("f", Arc::new(Float64Array::from(vec![Some(1e20), Some(f64::NAN)]))),
            ("bo", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.iter().map(|(name, array)| (*name, Arc::clone(array), true)),
        )
        .unwrap();
        let layout = TextLayout::new(
            batch.schema(),
            format,
            false,
            [("js", Mark::Json), ("n", Mark::Decimal)].map(|(name, mark)| (name.to_owned(), mark)).into(),
        );
        let arrays = batch.columns().iter().map(|array| Some(Arc::clone(array))).collect();
        let encoded = layout.encode(&[(2, arrays)]).unwrap();
        String::from_utf8(encoded.bytes).unwrap()
    }

    #[test]
    fn json_lines_are_those_of_dlt() {
        assert_eq!(
            lines(TextFormat::Jsonl),
            "{\"js\":{\"a\":{\"b\":[1,{\"c\":2.0}]}},\"id\":1,\"name\":\"b,c\\n\\\"q\\\"\",\"d\":\"-1.5\",\"n\":\"12\",\"wide\":9223372036854775808,\
             \"t\":\"2024-01-01T12:00:00.123000+00:00\",\"da\":\"2024-01-02\",\"ti\":\"01:02:03\",\"b\":\"eHk=\",\
             \"f\":1e+20,\"bo\":true}\n{\"id\":2}\n"
        );
    }

    #[test]
    fn csv_records_are_those_of_dlt() {
        assert_eq!(
            lines(TextFormat::Csv),
            "\"{\"\"a\"\":{\"\"b\"\":[1,{\"\"c\"\":2.0}]}}\",1,\"b,c\n\"\"q\"\"\",-1.5,12,9223372036854775808,\
             \"2024-01-01 12:00:00.123000+00:00\",\"2024-01-02\",\"01:02:03\",\"xy\",1e+20,True\n\
             \"\",2,\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",nan,\"\"\n"
        );
    }

    #[test]
    fn bytes_that_are_no_text_cannot_become_csv() {
        let array: ArrayRef = Arc::new(BinaryArray::from(vec![b"\xff".as_slice()]));
        let batch = RecordBatch::try_from_iter([("b", Arc::clone(&array))]).unwrap();
        let csv = TextLayout::new(batch.schema(), TextFormat::Csv, true, [].into());
        assert!(matches!(csv.encode(&[(1, vec![Some(array)])]), Err(TextError::Bytes { .. })));
    }
}
