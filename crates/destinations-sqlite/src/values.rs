//! Columns of a batch as values that SQLite keeps as they are.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, StringArray};
use arrow::datatypes::{DataType, TimeUnit};
use cartage_destinations_sql::columnar::{Dates, Doubles, Ints, Times, Timestamps};

use crate::cell::Cell;
use crate::decimal;
use crate::moments::{put_date, put_time, timestamp_text};

/// A column of a batch.
pub(crate) enum Cells<'a> {
    Nothing,
    Bool(&'a BooleanArray),
    Int(&'a Ints),
    Real(&'a Doubles),
    Decimal(&'a Decimal128Array, u32),
    DecimalText(&'a StringArray),
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
    Timestamp(&'a Timestamps),
    Date(&'a Dates),
    Time(&'a Times),
}

impl<'a> Cells<'a> {
    /// The cells of an array of a canonical type; text is a number where the column `is_decimal`. `None` for types
    /// that no file of a package has.
    pub(crate) fn new(array: &'a ArrayRef, is_decimal: bool) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Nothing,
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Int64 => Self::Int(array.as_primitive()),
            DataType::Float64 => Self::Real(array.as_primitive()),
            DataType::Decimal128(_, scale) => {
                Self::Decimal(array.as_primitive(), u32::try_from(*scale).ok()?)
            }
            DataType::Utf8 if is_decimal => Self::DecimalText(array.as_string()),
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Binary => Self::Binary(array.as_binary()),
            DataType::Date32 => Self::Date(array.as_primitive()),
            DataType::Time64(TimeUnit::Microsecond) => Self::Time(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Self::Timestamp(array.as_primitive()),
            _ => return None,
        })
    }

    /// The value in a row, or why there is none for it.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Result<Cell<'a>, String> {
        Ok(match self {
            Self::Int(array) if array.is_valid(row) => Cell::Int(array.value(row)),
            Self::Text(array) if array.is_valid(row) => Cell::Text(Cow::Borrowed(array.value(row))),
            Self::Real(array) if array.is_valid(row) => Cell::Real(array.value(row)),
            Self::Bool(array) if array.is_valid(row) => Cell::Int(array.value(row).into()),
            Self::Timestamp(array) if array.is_valid(row) => {
                let micros = array.value(row);
                Cell::text(timestamp_text(micros).ok_or_else(|| out_of_range("timestamp", micros))?)
            }
            Self::Date(array) if array.is_valid(row) => {
                let days = array.value(row);
                let mut text = String::with_capacity(10);
                put_date(&mut text, days).ok_or_else(|| out_of_range("date", i64::from(days)))?;
                Cell::text(text)
            }
            Self::Time(array) if array.is_valid(row) => {
                let mut text = String::with_capacity(15);
                put_time(&mut text, array.value(row));
                Cell::text(text)
            }
            Self::Decimal(array, scale) if array.is_valid(row) => decimal::cell(array.value(row), *scale),
            Self::DecimalText(array) if array.is_valid(row) => {
                let text = array.value(row);
                decimal::cell_of_text(text).ok_or_else(|| format!("'{text}' is not a decimal"))?
            }
            Self::Binary(array) if array.is_valid(row) => Cell::Blob(array.value(row)),
            _ => Cell::Null,
        })
    }
}

fn out_of_range(what: &str, value: i64) -> String {
    format!(
        "the {what} ({value} since 1970) is not between the years 1 and 9999, which SQLite's functions support"
    )
}
