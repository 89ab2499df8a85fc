//! Values of DuckDB as JSON, without loss.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use chrono::{DateTime, NaiveDate, NaiveTime};
use duckdb::types::{TimeUnit, ValueRef};
use serde_json::Value;

/// One value of a column of `data_type`, as `encode_value` of `snapshot.py` writes it.
pub(crate) fn encode(value: ValueRef<'_>, data_type: &str) -> Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Boolean(value) => value.into(),
        ValueRef::TinyInt(number) => number.into(),
        ValueRef::SmallInt(number) => number.into(),
        ValueRef::Int(number) => number.into(),
        ValueRef::BigInt(number) => number.into(),
        ValueRef::HugeInt(number) => {
            i64::try_from(number).map_or_else(|_| number.to_string().into(), Value::from)
        }
        ValueRef::Float(number) => float(f64::from(number)),
        ValueRef::Double(number) => float(number),
        ValueRef::Text(text) => std::str::from_utf8(text)?.into(),
        ValueRef::Blob(bytes) => hex(bytes).into(),
        ValueRef::Timestamp(unit, count) => {
            timestamp_text(micros(unit, count), data_type.contains("TIME ZONE")).into()
        }
        ValueRef::Date32(days) => date(days).into(),
        ValueRef::Time64(unit, count) => time(micros(unit, count)).into(),
        other => bail!("no encoding for {other:?} of type {data_type}"),
    })
}

pub(crate) fn float(number: f64) -> Value {
    if number.is_finite() {
        return number.into();
    }
    let text = match (number.is_nan(), number > 0.0) {
        (true, _) => "NaN",
        (_, true) => "Infinity",
        _ => "-Infinity",
    };
    text.into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn micros(unit: TimeUnit, count: i64) -> i64 {
    match unit {
        TimeUnit::Second => count.saturating_mul(1_000_000),
        TimeUnit::Millisecond => count.saturating_mul(1_000),
        TimeUnit::Microsecond => count,
        TimeUnit::Nanosecond => count.div_euclid(1_000),
    }
}

/// A timestamp in UTC; one of a column with a time zone says so.
pub(crate) fn timestamp_text(micros: i64, zoned: bool) -> String {
    let moment = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let zone = if zoned { "Z" } else { "" };
    format!("{}{zone}", moment.format("%Y-%m-%dT%H:%M:%S%.6f"))
}

fn date(days: i32) -> String {
    NaiveDate::from_epoch_days(days).unwrap_or_default().to_string()
}

fn time(micros: i64) -> String {
    let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds as u32, rest as u32 * 1_000);
    time.unwrap_or_default().format("%H:%M:%S%.6f").to_string()
}
