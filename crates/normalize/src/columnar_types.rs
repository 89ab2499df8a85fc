//! Arrow types as types of columns: what a field makes by itself, and whether a column holds all of a type.

use arrow::datatypes::{DataType as ArrowType, Field, TimeUnit};
use cartage_data_files::arrays::value_type;
use cartage_schema::{Column, DataType};

use crate::rules::Rules;

/// Whether the column holds every value of the type, without a look at them.
pub(crate) fn is_lossless(data_type: &ArrowType, found: &Column, column: &Column) -> bool {
    if *data_type == ArrowType::Null {
        return true;
    }
    if column.data_type == Some(DataType::Decimal)
        && let Some(needed) = digits_of_integer(value_type(data_type))
    {
        let (digits, scale) = (column.precision.unwrap_or(0), column.scale.unwrap_or(0));
        return digits <= 38 && digits.saturating_sub(scale) >= needed;
    }
    if found.data_type != column.data_type {
        return false;
    }
    let digits = |column: &Column| column.precision.unwrap_or(6).min(6);
    match value_type(data_type) {
        ArrowType::UInt64
        | ArrowType::Date64
        | ArrowType::Duration(_)
        | ArrowType::Interval(_)
        | ArrowType::Decimal256(..) => false,
        ArrowType::Timestamp(unit, _) | ArrowType::Time32(unit) | ArrowType::Time64(unit) => {
            digits_of(*unit) <= digits(column)
        }
        integer if integer.is_integer() => found.precision.unwrap_or(64) <= column.precision.unwrap_or(64),
        decimal if decimal.is_decimal() => match (found.precision, column.precision) {
            (Some(found_digits), Some(digits)) => {
                let (found_scale, scale) = (found.scale.unwrap_or(0), column.scale.unwrap_or(0));
                let whole = |digits: u32, scale: u32| i64::from(digits) - i64::from(scale);
                found_scale <= scale
                    && whole(found_digits, found_scale) <= whole(digits, scale)
                    && digits <= 38
            }
            _ => false,
        },
        _ => true,
    }
}

/// Types that destinations do not read as they are, and timestamps whose zone they would have to guess.
pub(crate) fn is_rewritten(data_type: &ArrowType, target: &ArrowType) -> bool {
    let other_zone = match (data_type, target) {
        (ArrowType::Timestamp(_, found), ArrowType::Timestamp(_, wanted)) => {
            found.is_some() != wanted.is_some()
        }
        _ => false,
    };
    // The others have no type of their own in Parquet, so that only Arrow tells what they are.
    other_zone
        || data_type.is_nested()
        || matches!(
            value_type(data_type),
            ArrowType::Float16
                | ArrowType::Null
                | ArrowType::Date64
                | ArrowType::Timestamp(TimeUnit::Second, _)
                | ArrowType::Time32(TimeUnit::Second)
                | ArrowType::Duration(_)
                | ArrowType::Interval(_)
                | ArrowType::Decimal256(..)
        )
}

/// The column that a field makes by itself; `None` for one that has nothing but nulls.
pub(crate) fn column_of(rules: &Rules, field: &Field, name: &str) -> Option<Column> {
    let mut column = Column::new(name);
    let data_type = value_type(field.data_type());
    let (data_type, precision, scale) = match data_type {
        ArrowType::Null => return None,
        ArrowType::Boolean => (DataType::Bool, None, None),
        // Integers without sign need a bit more at destinations, which have only those with one.
        ArrowType::Int8 => (DataType::Bigint, Some(8), None),
        ArrowType::Int16 | ArrowType::UInt8 => (DataType::Bigint, Some(16), None),
        ArrowType::Int32 | ArrowType::UInt16 => (DataType::Bigint, Some(32), None),
        ArrowType::Int64 | ArrowType::UInt32 | ArrowType::UInt64 => (DataType::Bigint, None, None),
        data_type if data_type.is_floating() => (DataType::Double, None, None),
        ArrowType::Timestamp(unit, _) => (DataType::Timestamp, rules.fraction_digits(digits_of(*unit)), None),
        ArrowType::Time32(unit) | ArrowType::Time64(unit) => {
            (DataType::Time, rules.fraction_digits(digits_of(*unit)), None)
        }
        ArrowType::Date32 | ArrowType::Date64 => (DataType::Date, None, None),
        ArrowType::FixedSizeBinary(width) => (DataType::Binary, u32::try_from(*width).ok(), None),
        ArrowType::Binary | ArrowType::LargeBinary | ArrowType::BinaryView => (DataType::Binary, None, None),
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale)
        | ArrowType::Decimal256(precision, scale) => {
            (DataType::Decimal, Some(u32::from(*precision)), u32::try_from(*scale).ok())
        }
        data_type if data_type.is_nested() || is_json_text(field) => (DataType::Json, None, None),
        _ => (DataType::Text, None, None),
    };
    column.data_type = Some(data_type);
    column.nullable = Some(field.is_nullable());
    column.precision = precision;
    column.scale = scale;
    Some(column)
}

/// Whether the texts of a field are JSON: Arrow's canonical extension `arrow.json`, as sources of SQL databases give it.
fn is_json_text(field: &Field) -> bool {
    field.metadata().get("ARROW:extension:name").is_some_and(|name| name == "arrow.json")
}

fn digits_of(unit: TimeUnit) -> u32 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// Digits of the largest value of an integer type.
fn digits_of_integer(data_type: &ArrowType) -> Option<u32> {
    Some(match data_type {
        ArrowType::Int8 | ArrowType::UInt8 => 3,
        ArrowType::Int16 | ArrowType::UInt16 => 5,
        ArrowType::Int32 | ArrowType::UInt32 => 10,
        ArrowType::Int64 => 19,
        ArrowType::UInt64 => 20,
        _ => return None,
    })
}
