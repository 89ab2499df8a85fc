//! Random Arrow types, and random values of them.

use std::sync::Arc;

use anyhow::{Result, bail};
use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};

use super::chance::Chance;
use super::given::Given;
use super::moments::DAY;
use super::texts;

const UNITS: [TimeUnit; 4] =
    [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];

/// A type, nested at most so deep.
pub(super) fn data_type(chance: &mut Chance, depth: usize) -> DataType {
    let field = |chance: &mut Chance| Arc::new(Field::new("item", data_type(chance, depth - 1), true));
    if depth == 0 || chance.percent(75) {
        return leaf(chance);
    }
    match chance.below(9) {
        0 => DataType::LargeList(field(chance)),
        1 => DataType::ListView(field(chance)),
        2 => DataType::LargeListView(field(chance)),
        3 => DataType::FixedSizeList(field(chance), chance.between(1, 3) as i32),
        4 | 5 => {
            let names = ["x", "Y", "z z", "list"];
            let count = chance.between(1, names.len());
            let fields = names[..count].iter();
            DataType::Struct(
                fields.map(|name| Field::new(*name, data_type(chance, depth - 1), true)).collect::<Fields>(),
            )
        }
        6 => {
            let keys = if chance.percent(70) { DataType::Utf8 } else { key(chance) };
            let pair =
                vec![Field::new("key", keys, false), Field::new("value", data_type(chance, depth - 1), true)];
            DataType::Map(Arc::new(Field::new("entries", DataType::Struct(pair.into()), false)), false)
        }
        _ => DataType::List(field(chance)),
    }
}

fn key(chance: &mut Chance) -> DataType {
    match chance.below(4) {
        0 => DataType::Int32,
        1 => DataType::Date32,
        2 => DataType::UInt64,
        _ => DataType::LargeUtf8,
    }
}

fn leaf(chance: &mut Chance) -> DataType {
    match chance.below(34) {
        0 => DataType::Boolean,
        1 => DataType::Int8,
        2 => DataType::Int16,
        3 => DataType::Int32,
        4 => DataType::Int64,
        5 => DataType::UInt8,
        6 => DataType::UInt16,
        7 => DataType::UInt32,
        8 => DataType::UInt64,
        9 => DataType::Float16,
        10 => DataType::Float32,
        11 => DataType::Float64,
        12 => decimal(chance, 9, DataType::Decimal32),
        13 => decimal(chance, 18, DataType::Decimal64),
        14 | 15 => decimal(chance, 38, DataType::Decimal128),
        16 => decimal(chance, 76, DataType::Decimal256),
        17 => DataType::Utf8,
        18 => DataType::LargeUtf8,
        19 => DataType::Utf8View,
        20 => DataType::Binary,
        21 => DataType::LargeBinary,
        22 => DataType::BinaryView,
        23 => DataType::FixedSizeBinary(chance.between(1, 20) as i32),
        24 => DataType::Date32,
        25 => DataType::Date64,
        26 => DataType::Time32(UNITS[chance.below(2)]),
        27 => DataType::Time64(UNITS[2 + chance.below(2)]),
        28 | 29 => {
            let zone = *chance.of(&[&None, &Some("UTC"), &Some("+02:00"), &Some("Europe/Berlin")]);
            DataType::Timestamp(UNITS[chance.below(4)], zone.map(Into::into))
        }
        30 => DataType::Duration(UNITS[chance.below(4)]),
        31 => DataType::Interval(if chance.percent(50) {
            IntervalUnit::YearMonth
        } else {
            IntervalUnit::DayTime
        }),
        32 => DataType::Null,
        _ => {
            let keys = if chance.percent(50) { DataType::Int32 } else { DataType::UInt16 };
            let values =
                chance.of(&[&DataType::Utf8, &DataType::Int64, &DataType::LargeUtf8, &DataType::Binary]);
            DataType::Dictionary(Box::new(keys), Box::new(values.clone()))
        }
    }
}

fn decimal(chance: &mut Chance, digits: usize, make: impl Fn(u8, i8) -> DataType) -> DataType {
    let precision = chance.between(1, digits) as u8;
    let scale = if chance.percent(30) { 0 } else { chance.between(0, usize::from(precision)) as i8 };
    make(precision, scale)
}

/// A value of a type, or null.
pub(super) fn value(chance: &mut Chance, data_type: &DataType) -> Given {
    if chance.percent(12) { Given::Null } else { some(chance, data_type) }
}

/// A value of a type.
fn some(chance: &mut Chance, data_type: &DataType) -> Given {
    let integer =
        |chance: &mut Chance, from: i128, to: i128| Given::Digits(chance.integer(from, to).to_string());
    match data_type {
        DataType::Boolean => Given::Bool(chance.percent(50)),
        DataType::Int8 => integer(chance, i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => integer(chance, i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => integer(chance, i32::MIN.into(), i32::MAX.into()),
        DataType::Int64 => integer(chance, i64::MIN.into(), i64::MAX.into()),
        DataType::UInt8 => integer(chance, 0, u8::MAX.into()),
        DataType::UInt16 => integer(chance, 0, u16::MAX.into()),
        DataType::UInt32 => integer(chance, 0, u32::MAX.into()),
        DataType::UInt64 => integer(chance, 0, u64::MAX.into()),
        DataType::Float16 => Given::Double(half(chance.bits() as u16)),
        DataType::Float32 => Given::Double(f64::from(small_float(chance))),
        DataType::Float64 => Given::Double(texts::double(chance, true)),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => digits(chance, *precision, *scale),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Given::Text(texts::text(chance)),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            let size = chance.below(12);
            Given::Bytes((0..size).map(|_| chance.bits() as u8).collect())
        }
        DataType::FixedSizeBinary(size) => Given::Bytes((0..*size).map(|_| chance.bits() as u8).collect()),
        DataType::Date32 => Given::Date(match chance.below(4) {
            0 => chance.integer(-5_000_000, 2_000_000_000) as i64,
            _ => chance.integer(-800_000, 3_000_000) as i64,
        }),
        DataType::Date64 => match chance.below(4) {
            0 => Given::Instant(count(chance, TimeUnit::Millisecond), false),
            _ => Given::Date(chance.integer(-800_000, 3_000_000) as i64),
        },
        DataType::Time32(unit) | DataType::Time64(unit) => {
            let unit = nanos_in(*unit);
            Given::Time(chance.integer(0, DAY / unit - 1) * unit)
        }
        DataType::Timestamp(unit, zone) => Given::Instant(count(chance, *unit), zone.is_some()),
        DataType::Duration(unit) => Given::Length(0, 0, count(chance, *unit)),
        DataType::Interval(IntervalUnit::YearMonth) => {
            Given::Length(chance.integer(i32::MIN.into(), i32::MAX.into()) as i64, 0, 0)
        }
        DataType::Interval(_) => {
            let days = chance.integer(i32::MIN.into(), i32::MAX.into()) as i64;
            Given::Length(0, days, chance.integer(i32::MIN.into(), i32::MAX.into()) * 1_000_000)
        }
        DataType::Dictionary(_, of) => some(chance, of),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field) => {
            let count = chance.below(4);
            Given::List((0..count).map(|_| value(chance, field.data_type())).collect())
        }
        DataType::FixedSizeList(field, count) => {
            Given::List((0..*count).map(|_| value(chance, field.data_type())).collect())
        }
        DataType::Struct(fields) => {
            let fields = fields.iter();
            Given::Object(
                fields.map(|field| (field.name().clone(), value(chance, field.data_type()))).collect(),
            )
        }
        DataType::Map(entries, _) => map(chance, entries),
        _ => Given::Null,
    }
}

fn map(chance: &mut Chance, entries: &Field) -> Given {
    let DataType::Struct(fields) = entries.data_type() else { return Given::Null };
    let mut pairs: Vec<(Given, Given)> = Vec::new();
    for _ in 0..chance.below(4) {
        let key = some(chance, fields[0].data_type());
        if pairs.iter().all(|(known, _)| *known != key) {
            pairs.push((key, value(chance, fields[1].data_type())));
        }
    }
    Given::Map(pairs)
}

/// A moment or a length in nanoseconds: mostly near our time, at times anywhere.
fn count(chance: &mut Chance, unit: TimeUnit) -> i128 {
    let unit = nanos_in(unit);
    let near = 4_000_000_000_000_000_000 / unit;
    match chance.below(8) {
        // DuckDB takes the last microseconds of 64 bits for infinity.
        0 => chance.integer(i128::from(i64::MIN) + 2, i128::from(i64::MAX) - 2) * unit,
        1 => chance.integer(-near, near) / 1_000_000 * 1_000_000 * unit,
        _ => i128::from(chance.bits() as i64) % near / 1_000 * 1_000 * unit,
    }
}

fn nanos_in(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}

/// A float of 16 bits as the double that says the same.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    }
}

fn small_float(chance: &mut Chance) -> f32 {
    match chance.below(6) {
        0 => *chance.of(&[&f32::MAX, &f32::MIN_POSITIVE, &f32::NAN, &f32::INFINITY, &-0.0, &0.1]),
        1 => chance.integer(-1000, 1000) as f32,
        _ => f32::from_bits(chance.bits() as u32),
    }
}

fn digits(chance: &mut Chance, precision: u8, scale: i8) -> Given {
    let count = chance.between(1, precision.into());
    let mut digits: String = match chance.below(5) {
        0 => "9".repeat(precision.into()),
        1 => format!("1{}", "0".repeat(count - 1)),
        _ => (0..count).map(|_| char::from(b'0' + chance.below(10) as u8)).collect(),
    };
    let scale = usize::from(scale.unsigned_abs());
    digits = format!("{digits:0>width$}", width = scale + 1);
    digits.insert(digits.len() - scale, '.');
    let trimmed = digits.trim_start_matches('0');
    let whole = if trimmed.starts_with('.') { format!("0{trimmed}") } else { trimmed.to_owned() };
    let sign = if chance.percent(40) { "-" } else { "" };
    Given::Digits(format!("{sign}{}", whole.trim_end_matches('.')))
}

/// The digits of a number as a count of units of ten to the minus `scale`.
pub(super) fn unscaled(given: &Given, scale: i8) -> Result<String> {
    let Given::Digits(digits) = given else { bail!("{given:?} has no digits") };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    Ok(format!("{whole}{fraction:0<width$}", width = usize::from(scale.unsigned_abs())))
}

/// A moment, a date, a time or a length of time in nanoseconds.
pub(super) fn nanos_of(given: &Given) -> Result<i128> {
    Ok(match given {
        Given::Date(days) => i128::from(*days) * DAY,
        Given::Time(nanos) | Given::Instant(nanos, _) | Given::Length(_, _, nanos) => *nanos,
        other => bail!("{other:?} is not a point in time"),
    })
}
